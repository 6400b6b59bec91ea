// What real clients put on the wire, whatever the Content-Type says: each habit by itself.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';

import { Server, skipUnless } from './server.mjs';

const skip = skipUnless();
if (skip) console.log(`skipped: ${skip}`);

describe('habits of clients', { skip }, () => {
  let server;
  before(async () => { server = await Server.start(); });
  after(() => server?.stop());

  const event = (person, more = {}) => ({
    type: 'track', event: 'Note Taken', anonymousId: person, messageId: `${person}-1`, ...more });
  const basic = (key) => ({ Authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` });

  async function deliver(person, path, headers, body) {
    const reply = await fetch(server.base + path, { method: 'POST', headers, body });
    assert.equal(reply.status, 200, await reply.clone().text());
    assert.equal((await reply.json()).success, true);
    assert.equal((await server.eventsOnce(`anonymous:${person}`, 1)).length, 1);
  }

  it('text/plain', () => deliver('plain', '/v1/track',
    { ...basic(server.publicKey), 'Content-Type': 'text/plain' }, JSON.stringify(event('plain'))));

  it('form-urlencoded with gzip around JSON', () => deliver('form', '/v1/batch',
    { ...basic(server.publicKey), 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Encoding': 'gzip' },
    gzipSync(JSON.stringify({ batch: [event('form')] }))));

  it('Basic with an empty password, secret key', () => deliver('basic', '/v1/track',
    { ...basic(server.secretKey), 'Content-Type': 'application/json' }, JSON.stringify(event('basic'))));

  it('Bearer', () => deliver('bearer', '/v1/track',
    { Authorization: `Bearer ${server.publicKey}`, 'Content-Type': 'application/json; charset=utf-8' },
    JSON.stringify(event('bearer'))));

  it('writeKey only in the body of one event', () => deliver('body', '/v1/t',
    { 'Content-Type': 'text/plain' }, JSON.stringify(event('body', { writeKey: server.publicKey }))));

  it('writeKey only in the body of a batch', () => deliver('body-batch', '/v1/b',
    { 'Content-Type': 'text/plain' },
    JSON.stringify({ writeKey: server.publicKey, batch: [event('body-batch')], sentAt: new Date().toISOString() })));

  it('no Content-Type at all', () => deliver('bare', '/v1/track',
    basic(server.publicKey), Buffer.from(JSON.stringify(event('bare')))));

  it('client metrics are taken and dropped', async () => {
    const reply = await fetch(`${server.base}/v1/m`, { method: 'POST', body: '{"series":[]}' });
    assert.equal(reply.status, 200);
  });

  it('the boot call echoes the key it was asked with', async () => {
    const reply = await fetch(`${server.base}/v1/projects/${server.publicKey}/settings`);
    assert.equal(reply.status, 200);
    const segment = (await reply.json()).integrations['Segment.io'];
    assert.deepEqual(segment, { apiKey: server.publicKey, apiHost: `${server.address}/v1`, protocol: 'http' });
  });

  it('a preflight allows what the clients send', async () => {
    const reply = await fetch(`${server.base}/v1/t`, {
      method: 'OPTIONS',
      headers: { Origin: server.base, 'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,content-type' },
    });
    assert.ok(reply.status === 200 || reply.status === 204, `status ${reply.status}`);
    const foreign = await fetch(`${server.base}/v1/t`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://stranger.example', 'Access-Control-Request-Method': 'POST' },
    });
    assert.notEqual(foreign.headers.get('access-control-allow-origin'), '*');
    assert.notEqual(foreign.headers.get('access-control-allow-origin'), 'https://stranger.example');
  });

  it('bad events of a batch are named, good ones are stored', async () => {
    const reply = await fetch(`${server.base}/v1/batch`, {
      method: 'POST', headers: basic(server.secretKey),
      body: JSON.stringify({ batch: [event('partly'), { type: 'track', anonymousId: 'partly', messageId: 'partly-2' }] }),
    });
    assert.equal(reply.status, 200);
    const body = await reply.json();
    assert.equal(body.accepted, 1);
    assert.equal(body.rejected.length, 1);
    assert.equal(body.rejected[0].index, 1);
    assert.match(body.rejected[0].pointer, /^#\/batch\/1/);
  });

  it('what is no JSON is refused for good, and no key is no entry', async () => {
    const broken = await fetch(`${server.base}/v1/track`, {
      method: 'POST', headers: basic(server.secretKey), body: '{"type":"track",' });
    assert.equal(broken.status, 400);
    assert.match(broken.headers.get('content-type'), /application\/problem\+json/);
    const nobody = await fetch(`${server.base}/v1/track`, { method: 'POST', body: JSON.stringify(event('nobody')) });
    assert.equal(nobody.status, 401);
  });
});
