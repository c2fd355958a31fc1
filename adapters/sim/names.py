"""Invented names for players, guilds, places and things."""

from __future__ import annotations

from random import Random

CHINESE = (
    tuple("青墨白云夜寒星南北清孤听落风雪秋月江苏林叶沈陆顾楚燕"),
    ("衣客", "歌", "风", "无痕", "小鱼", "夜雨", "长安", "不语", "归尘", "如故", "阿九", "大侠")
    + ("未央", "吃不胖", "剑来", "半夏", "听雨", "三千", "二狗", "烟火"),
)
ENGLISH = (
    ("Dusk", "Iron", "Copper", "Night", "River", "Storm", "Amber", "Frost", "Quiet", "Lucky")
    + ("Rusty", "Silver", "Mossy", "Tiny", "Grim", "Sunny", "Old Man ", "Captain ", "xX", "Mc"),
    ("fox", "raven", "smith", "runner", "O'Malley", "wolf", "pickle", "tinker", "marten", "moth")
    + ("hammer", "lantern", "badger", "whistle", "Bean", "kettle", "otter", "sparrow"),
)
GUILDS = {
    True: ("听雨楼", "青云门", "长安夜", "不醉不归", "天涯海阁", "摸鱼司"),
    False: ("Nightwatch", "Copper Kettle", "The Last Train", "Oath of Amber", "Mildly Lost"),
}
MAPS = ("lantern_city", "soulbreak_gorge", "north_gate", "market", "harbour", "demon_tower")
ITEMS = ("iron sword", "jade bracelet", "healing potion", "black iron", "fox mount", "lantern")
GOODS = (("month card", 30.0), ("60 gems", 6.0), ("680 gems", 68.0), ("season pass", 98.0))


def player(rng: Random, chinese: bool) -> str:
    """A player's name; not unique, some with spaces, quotes and digits."""
    first, last = CHINESE if chinese else ENGLISH
    name = rng.choice(first) + rng.choice(last)
    return name + (str(rng.randrange(10, 1000)) if rng.random() < 0.35 else "")
