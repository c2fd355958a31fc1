#!/usr/bin/env node
// A game server that speaks gmkit's bridge protocol, written from docs/bridge-protocol.md alone.
// Node 16 or later, nothing to install.
//
//   node bridge_node.js tcp://127.0.0.1:7602 my-server MY-TOKEN     (or tls://…, with NODE_EXTRA_CA_CERTS)
//
// The "game" is this terminal: type `Ann: !help my sword vanished` and the player Ann says so.
// What gmkit sends is printed as one JSON object a line.
'use strict';

const crypto = require('crypto');
const net = require('net');
const readline = require('readline');
const tls = require('tls');

// --- the msgpack that the protocol needs (chapter 1) ---------------------------------------------

function pack(value) {
  if (value === null || value === undefined) return Buffer.from([0xc0]);
  if (typeof value === 'boolean') return Buffer.from([value ? 0xc3 : 0xc2]);
  if (typeof value === 'number') return packNumber(value);
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8');
    return Buffer.concat([head(text.length, 0xa0, 31, [0xd9, 0xda, 0xdb]), text]);
  }
  if (Array.isArray(value)) {
    return Buffer.concat([head(value.length, 0x90, 15, [null, 0xdc, 0xdd]), ...value.map(pack)]);
  }
  const rows = Object.entries(value).filter(([, v]) => v !== undefined);
  const parts = rows.flatMap(([k, v]) => [pack(k), pack(v)]);
  return Buffer.concat([head(rows.length, 0x80, 15, [null, 0xde, 0xdf]), ...parts]);
}

function head(length, short, most, [one, two, four]) {
  if (length <= most) return Buffer.from([short | length]);
  if (one !== null && length < 1 << 8) return Buffer.from([one, length]);
  if (length < 1 << 16) return Buffer.from([two, length >> 8, length & 255]);
  const long = Buffer.from([four, 0, 0, 0, 0]);
  long.writeUInt32BE(length, 1);
  return long;
}

function packNumber(value) {
  if (Number.isInteger(value) && value >= 0 && value < 128) return Buffer.from([value]);
  const nine = Buffer.alloc(9);
  if (Number.isSafeInteger(value)) {
    nine[0] = 0xd3;
    nine.writeBigInt64BE(BigInt(value), 1);
  } else {
    nine[0] = 0xcb;
    nine.writeDoubleBE(value, 1);
  }
  return nine;
}

function unpack(b) {
  let at = 0;
  const skip = (count) => (at += count) - count;
  const text = (count) => b.toString('utf8', skip(count), at);
  const list = (count) => Array.from({ length: count }, one);
  const map = (count) => Object.fromEntries(Array.from({ length: count }, () => [one(), one()]));
  function one() {
    const t = b[skip(1)];
    if (t < 0x80) return t;
    if (t < 0x90) return map(t & 15);
    if (t < 0xa0) return list(t & 15);
    if (t < 0xc0) return text(t & 31);
    if (t >= 0xe0) return t - 256;
    switch (t) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xca: return b.readFloatBE(skip(4));
      case 0xcb: return b.readDoubleBE(skip(8));
      case 0xcc: return b[skip(1)];
      case 0xcd: return b.readUInt16BE(skip(2));
      case 0xce: return b.readUInt32BE(skip(4));
      case 0xcf: return Number(b.readBigUInt64BE(skip(8)));
      case 0xd0: return b.readInt8(skip(1));
      case 0xd1: return b.readInt16BE(skip(2));
      case 0xd2: return b.readInt32BE(skip(4));
      case 0xd3: return Number(b.readBigInt64BE(skip(8)));
      case 0xd9: return text(b[skip(1)]);
      case 0xda: return text(b.readUInt16BE(skip(2)));
      case 0xdb: return text(b.readUInt32BE(skip(4)));
      case 0xdc: return list(b.readUInt16BE(skip(2)));
      case 0xdd: return list(b.readUInt32BE(skip(4)));
      case 0xde: return map(b.readUInt16BE(skip(2)));
      case 0xdf: return map(b.readUInt32BE(skip(4)));
      default: throw new Error(`msgpack byte ${t} has no place in this protocol`);
    }
  }
  return one();
}

// --- the client ----------------------------------------------------------------------------------

class Bridge {
  constructor(game, address, server, token) {
    Object.assign(this, { game, server, token, address: new URL(address) });
    this.stream = crypto.randomBytes(12).toString('hex'); // this run's count, chapter 3
    this.last = 0;
    this.unacked = []; // numbered messages, oldest first
    this.sent = 0; // the highest number sent over this connection
    this.acked = 0;
    this.shown = new Set(); // delivery ids, oldest first, chapter 4
    this.players = new Map();
    this.failures = 0;
    this.dial();
  }

  // What the game tells. Numbered messages are kept until acked.

  said(player, text) { this.number({ type: 'said', ...player, text }); }

  joined(player) {
    this.players.set(player.player, player);
    if (this.online) this.number({ type: 'joined', ...player });
  }

  left(id) {
    this.players.delete(id);
    if (this.online) this.number({ type: 'left', player: id });
  }

  number(message) {
    this.last += 1;
    this.unacked.push({ ...message, id: this.last });
    this.sendNumbered();
  }

  sendNumbered() {
    if (!this.online) return;
    const due = this.unacked.filter((m) => m.id > this.sent && m.id <= this.acked + this.window);
    if (due.length === 0) return;
    this.sent = due[due.length - 1].id;
    this.send(...due);
  }

  // One connection.

  dial() {
    const { protocol, hostname, port } = this.address;
    const how = { host: hostname, port: Number(port) };
    const secure = protocol === 'tls:';
    const socket = secure ? tls.connect({ ...how, servername: hostname }) : net.connect(how);
    this.socket = socket;
    this.online = false;
    this.goodbye = null;
    this.heartbeat = 15;
    this.heardAt = this.spokeAt = Date.now();
    let buffer = Buffer.alloc(0);
    socket.setNoDelay(true);
    socket.on(secure ? 'secureConnect' : 'connect', () => this.greet());
    socket.on('data', (data) => {
      this.heardAt = Date.now();
      buffer = Buffer.concat([buffer, data]);
      while (buffer.length >= 4 && buffer.length >= 4 + buffer.readUInt32BE(0)) {
        const end = 4 + buffer.readUInt32BE(0);
        const body = buffer.subarray(4, end);
        buffer = buffer.subarray(end);
        for (const message of unpack(body)) this.receive(message);
      }
    });
    socket.on('error', (fault) => { this.goodbye = this.goodbye || { sentence: fault.message }; });
    socket.on('close', () => this.closed());
    this.timer = setInterval(() => this.tick(), 1000);
  }

  greet() {
    this.nonce = crypto.randomBytes(16).toString('hex');
    this.send({
      type: 'hello', protocol: 1, server: this.server, stream: this.stream, nonce: this.nonce,
      client: 'bridge_node.js', can: Object.keys(this.game.verbs), limits: { characters: 200 },
    });
  }

  send(...messages) {
    const body = pack(messages);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length, 0);
    this.socket.write(Buffer.concat([length, body]));
    this.spokeAt = Date.now();
  }

  proof(end, nonce) {
    const text = [`gmkit-bridge-1 ${end}`, this.server, this.nonce, nonce].join('\n');
    return crypto.createHmac('sha256', this.token).update(text, 'utf8').digest('hex');
  }

  receive(message) {
    switch (message.type) {
      case 'challenge':
        this.expected = this.proof('gmkit', message.nonce);
        this.send({ type: 'proof', proof: this.proof('game', message.nonce) });
        break;
      case 'welcome': this.welcomed(message); break;
      case 'ack': this.forget(message.upto); this.sendNumbered(); break;
      case 'tell': this.tell(message); break;
      case 'announce': this.game.announce(message.text); break;
      case 'call': this.call(message); break;
      case 'refused': this.game.log('refused', message); break;
      case 'ping': this.send({ type: 'pong' }); break;
      case 'bye': this.goodbye = message; break;
      default: // to be ignored
    }
  }

  welcomed(message) {
    const given = Buffer.from(String(message.proof));
    const wanted = Buffer.from(this.expected || '');
    if (given.length !== wanted.length || !crypto.timingSafeEqual(given, wanted)) {
      this.goodbye = { reason: 'credentials', sentence: 'this is not our gmkit' };
      this.socket.destroy();
      return;
    }
    this.online = true;
    this.failures = 0;
    this.window = message.window;
    this.heartbeat = message.heartbeat;
    this.forget(message.acked);
    this.sent = this.acked;
    this.game.log('connected', {});
    this.number({ type: 'roster', players: [...this.players.values()] }); // sends the rest first
  }

  forget(upto) {
    this.acked = Math.max(this.acked, upto);
    this.unacked = this.unacked.filter((m) => m.id > this.acked);
  }

  tell(message) {
    let result = 'shown';
    if (!this.shown.has(message.id)) {
      if (this.game.tell(message)) this.shown.add(message.id);
      else result = 'gone';
      if (this.shown.size > 20000) this.shown.delete(this.shown.values().next().value);
    }
    if (message.confirm !== false) this.send({ type: 'told', id: message.id, result });
  }

  call(message) {
    const answer = { type: 'result', id: message.id };
    try {
      const value = this.game.verbs[message.verb](message.player, message.arguments);
      this.send({ ...answer, ok: true, value });
    } catch (fault) {
      this.send({ ...answer, ok: false, error: fault.message });
    }
  }

  tick() {
    const now = Date.now();
    if (now - this.heardAt > 2500 * this.heartbeat) this.socket.destroy();
    else if (this.online && now - this.spokeAt >= 1000 * this.heartbeat) this.send({ type: 'ping' });
  }

  closed() {
    clearInterval(this.timer);
    this.online = false;
    const { reason, sentence } = this.goodbye || {};
    this.game.log('disconnected', { reason, sentence });
    const rarely = ['version', 'credentials', 'failures'].includes(reason) ? 10 : 0;
    const wait = rarely + Math.random() * Math.min(30, 0.25 * 2 ** this.failures);
    this.failures += 1;
    setTimeout(() => this.dial(), 1000 * wait);
  }
}

// --- a game that is this terminal ----------------------------------------------------------------

const [address, server, token] = process.argv.slice(2);
if (!token) {
  console.error('usage: node bridge_node.js tcp://HOST:PORT SERVER TOKEN');
  process.exit(2);
}

const game = {
  log: (event, facts) => console.log(JSON.stringify({ event, ...facts })),
  tell(message) {
    if (!bridge.players.has(message.player)) return false;
    this.log('tell', { delivery: message.id, player: message.player, text: message.text });
    return true;
  },
  announce(text) { this.log('announce', { text }); },
  verbs: {
    lookup: (player) => ({ level: 3, here: bridge.players.has(player) }),
    kick(player) {
      if (!bridge.players.has(player)) throw new Error('That player is not here.');
      bridge.left(player);
      game.log('kicked', { player });
    },
  },
};

const bridge = new Bridge(game, address, server, token);

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [, name, text] = /^([^:]+): ?(.*)$/.exec(line) || [];
  if (!name) return;
  const player = { player: name, name };
  if (!bridge.players.has(name)) bridge.joined(player);
  bridge.said(player, text);
}).on('close', () => process.exit(0));
