// @segment/analytics-next, the browser's library, in a document of jsdom.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Server, skipUnless } from './server.mjs';

const skip = skipUnless('@segment/analytics-next', 'jsdom');
if (skip) console.log(`skipped: ${skip}`);

const BROWSER_NAMES = ['window', 'document', 'navigator', 'location', 'localStorage', 'sessionStorage',
  'history', 'self', 'XMLHttpRequest', 'Element', 'HTMLElement', 'HTMLAnchorElement', 'HTMLFormElement'];

describe('@segment/analytics-next', { skip }, () => {
  let AnalyticsBrowser;
  let dom;
  let server;
  const sent = [];

  before(async () => {
    server = await Server.start();
    const { JSDOM } = await import('jsdom');
    dom = new JSDOM('<!doctype html><title>Front page</title><p>news</p>', {
      url: `${server.base}/front?from=test`, pretendToBeVisual: true,
    });
    for (const name of BROWSER_NAMES) {
      const value = name === 'window' || name === 'self' ? dom.window : dom.window[name];
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
    const ownFetch = globalThis.fetch;
    globalThis.fetch = async (url, options = {}) => {
      // The library's metrics about itself go to its maker: nothing leaves this machine.
      if (!String(url).startsWith(server.base)) return new Response(null, { status: 204 });
      sent.push({ url: String(url), headers: new Headers(options.headers), body: options.body });
      return ownFetch(url, options);
    };
    dom.window.fetch = globalThis.fetch;
    ({ AnalyticsBrowser } = await import('@segment/analytics-next'));
  });
  after(async () => {
    await server?.stop();
    dom?.window.close();
  });

  it('boots from our settings, signs with their key, and delivers with text/plain', async () => {
    const analytics = AnalyticsBrowser.load({ writeKey: server.publicKey, cdnURL: server.base });
    await analytics.setAnonymousId('next-1');
    await analytics.track('Article Clicked', { itemId: 'a-7', n: 7 });
    await analytics.page('Front', { section: 'news' });
    const events = await server.eventsOnce('anonymous:next-1', 2);
    assert.equal(events.length, 2);
    assert.deepEqual(events.find((event) => event.event === 'Article Clicked').items, ['a-7']);

    const boot = sent.find((call) => call.url.includes('/settings'));
    assert.equal(boot.url, `${server.base}/v1/projects/${server.publicKey}/settings`);
    const call = sent.find((one) => one.url === `${server.base}/v1/t`);
    assert.equal(call.headers.get('content-type'), 'text/plain');
  });

  it('delivers batches, and what a browser claims about a user links nothing', async () => {
    const analytics = AnalyticsBrowser.load({ writeKey: server.publicKey, cdnURL: server.base }, {
      integrations: { 'Segment.io': { deliveryStrategy: { strategy: 'batching', config: { size: 3, timeout: 100 } } } },
    });
    await analytics.setAnonymousId('next-2');
    for (let n = 0; n < 3; ++n) await analytics.track('Note Taken', { n });
    await server.eventsOnce('anonymous:next-2', 3);
    assert.ok(sent.some((call) => call.url === `${server.base}/v1/b`));
    await analytics.identify('somebody-else', { plan: 'club' });
    for (let n = 3; n < 6; ++n) await analytics.track('Note Taken', { n });
    await server.eventsOnce('anonymous:next-2', 6);
    const claimed = await server.get('/v1/people/somebody-else');
    assert.equal(claimed.status, 404, 'an unverified claim made a person of it');
  });
});
