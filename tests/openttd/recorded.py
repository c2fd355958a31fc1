"""What a real OpenTTD 13.0 server sent to an admin connection, and what it means.

One spectator joins and founds a company, speaks to all and to the server, gets another name and is
kicked; the books are polled; another map begins; the server is shut down.
"""

from __future__ import annotations

from gmkit.adapters.openttd import wire

SESSION = bytes.fromhex(
    "370067020100003f00010100410001020041000103003d000104003d0001050040000106004000010700010001"
    "08004000010900400000220068676d6b697420746573740031332e30000100c145c401001fde0a004000400015"
    "006d0100000000736572766572000000000000ff07007e010000001e006d020000003132372e302e302e31004c"
    "69204c656900001fde0a00fe07006c020000000f006e020000004c69204c656900001200770a00020000000001"
    "000000000000002d00770300020000002168656c7020e68891e79a84e781abe8bda6e58da1e4bd8fe4ba860000"
    "000000000000001a00770502020000006f6e6c7920796f7500000000000000000024007200556e6e616d656400"
    "472e204d63416c70696e650002009e0700000000ffffffff36007500a086010000000000a08601000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000180076000000000000000000"
    "00000000000000000000000007006b1fde0a0007007e0200000011006e0200000048616e3b204d656900000700"
    "7e030000003000780100e2808e2a2a2a2048616e3b204d656920776173206b69636b65642e20526561736f6e3a"
    "2028727564652900080070020000000c080070020000000311007d6b69636b2032202272756465220007007e04"
    "0000001800780300496e76616c696420636c69656e742049442e0011007d6b69636b2032202272756465220007"
    "007e05000000030069220068676d6b697420746573740031332e30000100ffffffff001fde0a00400040000700"
    "7e0600000003006a"
)

MEANING = [
    wire.Welcome(name="gmkit test", version="13.0"),
    wire.ClientInfo(client=1, address="", name="server", company=255),
    wire.Pong(token=1),
    wire.ClientInfo(client=2, address="127.0.0.1", name="Li Lei", company=254),
    wire.ClientJoin(client=2),
    wire.ClientUpdate(client=2, name="Li Lei", company=0),
    wire.Chat(action=10, dest=0, client=2, text=""),
    wire.Chat(action=3, dest=0, client=2, text="!help 我的火车卡住了"),
    wire.Chat(action=5, dest=2, client=2, text="only you"),
    wire.CompanyInfo(company=0, name="Unnamed", manager="G. McAlpine", founded=1950),
    wire.Economy(company=0, money=100000, loan=100000, income=0, value=0, performance=0),
    wire.Stats(company=0, vehicles=(0, 0, 0, 0, 0), stations=(0, 0, 0, 0, 0)),
    wire.Pong(token=2),
    wire.ClientUpdate(client=2, name="Han; Mei", company=0),
    wire.Pong(token=3),
    wire.Rcon(text="\u200e*** Han; Mei was kicked. Reason: (rude)"),
    wire.ClientGone(client=2),
    wire.ClientGone(client=2),
    wire.Pong(token=4),
    wire.Rcon(text="Invalid client ID."),
    wire.Pong(token=5),
    wire.NewGame(),
    wire.Welcome(name="gmkit test", version="13.0"),
    wire.Pong(token=6),
    wire.Shutdown(),
]
