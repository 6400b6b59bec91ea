// A server of its own for a test file: a new data directory, started, read back, stopped.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const READY_TIMEOUT_MS = 30_000;
const STORED_TIMEOUT_MS = 10_000;

const places = [process.env.ANTE_BINARY, join(ROOT, 'build/release/ante'), join(ROOT, 'build/dev/ante')];
export const ante = places.find((place) => place && existsSync(place));

// For `test(…, {skip})`: why the file cannot run here, or false.
export function skipUnless(...packages) {
  if (!ante) return 'ante is not built: run ./dev build or set ANTE_BINARY';
  const missing = packages.filter(
    (name) => !existsSync(join(ROOT, 'tests/compat/node_modules', name, 'package.json')));
  return missing.length > 0 && `npm ci in tests/compat brings ${missing.join(', ')}`;
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

export class Server {
  static async start() {
    const server = new Server();
    server.folder = mkdtempSync(join(tmpdir(), 'ante-compat-'));
    const data = join(server.folder, 'data');
    const init = spawnSync(ante, ['init', '--data', data, '--json'], { encoding: 'utf8' });
    if (init.status !== 0) throw new Error(`ante init: exit ${init.status}: ${init.stderr}`);
    Object.assign(server, JSON.parse(init.stdout));
    server.address = `127.0.0.1:${await freePort()}`;
    server.base = `http://${server.address}`;
    server.log = '';
    server.process = spawn(ante, ['serve', '--data', data, '--listen', server.address]);
    for (const stream of [server.process.stdout, server.process.stderr]) {
      stream.on('data', (bytes) => { server.log += bytes; });
    }
    for (const until = Date.now() + READY_TIMEOUT_MS; Date.now() < until; await sleep(20)) {
      const reply = await fetch(`${server.base}/readyz`).catch(() => null);
      if (reply?.status === 200) return server;
      if (server.process.exitCode !== null) break;
    }
    await server.stop();
    throw new Error(`the server is not ready:\n${server.log}`);
  }

  get(path) {
    return fetch(this.base + path, { headers: { Authorization: `Bearer ${this.secretKey}` } });
  }

  // Every event stored of a person ('anonymous:a1' or a user id), oldest first.
  async events(person) {
    const reply = await this.get(`/v1/people/${encodeURIComponent(person)}/export`);
    if (reply.status !== 200) return [];
    const lines = (await reply.text()).trim().split('\n').map((line) => JSON.parse(line));
    return lines.filter((line) => line.record === 'event');
  }

  // The same, once there are at least `count` of them.
  async eventsOnce(person, count) {
    let events = [];
    for (const until = Date.now() + STORED_TIMEOUT_MS; Date.now() < until; await sleep(20)) {
      events = await this.events(person);
      if (events.length >= count) return events;
    }
    throw new Error(`${person} has ${events.length} events after ${STORED_TIMEOUT_MS} ms, not ${count}:\n` +
      `${JSON.stringify(events)}\n${this.log.slice(-2000)}`);
  }

  async stop() {
    if (this.process.exitCode === null) {
      const ended = new Promise((done) => this.process.once('exit', done));
      this.process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
