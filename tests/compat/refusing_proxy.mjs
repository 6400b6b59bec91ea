// Stands before a server, refuses the first calls with 429 and Retry-After, and passes on the rest
// byte by byte. What a client did is kept in `calls`.

import { createServer, request } from 'node:http';

export async function startRefusingProxy(target, refusals) {
  const calls = [];
  const proxy = createServer((incoming, answer) => {
    const chunks = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const refused = calls.length < refusals;
      calls.push({ path: incoming.url, headers: incoming.headers, body, refused });
      if (refused) {
        answer.writeHead(429, { 'Retry-After': '1', 'Content-Type': 'application/problem+json' });
        answer.end('{"title":"Too many requests","status":429}');
        return;
      }
      const passed = request(target + incoming.url, { method: incoming.method, headers: incoming.headers },
        (reply) => {
          answer.writeHead(reply.statusCode, reply.headers);
          reply.pipe(answer);
        });
      passed.end(body);
    });
  });
  await new Promise((done) => proxy.listen(0, '127.0.0.1', done));
  return {
    calls,
    base: `http://127.0.0.1:${proxy.address().port}`,
    stop: () => new Promise((done) => { proxy.close(done); proxy.closeAllConnections(); }),
  };
}
