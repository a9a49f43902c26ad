import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDatabase, checkExposure, isLoopback, parseListenAddress, readLeases } from '@xx-pipeline/backend';

test('addresses to listen at are read in all their forms', () => {
  const cases = {
    '127.0.0.1:8642': { host: '127.0.0.1', port: 8642 },
    'localhost:0': { host: 'localhost', port: 0 },
    '[::1]:80': { host: '::1', port: 80 },
    ':80': { host: '0.0.0.0', port: 80 },
    '80': { host: '127.0.0.1', port: 80 },
  };
  for (const [text, value] of Object.entries(cases)) assert.deepEqual(parseListenAddress(text), { ok: true, value });
  for (const text of ['', 'a', 'a:b', '::1:80', '1.2.3.4:70000', '1.2.3.4', 'http://a:1', 'a b:1', '[::1]']) {
    assert(!parseListenAddress(text).ok, text);
  }
});

test('only this machine reaches loopback addresses, and others need TLS or a word', () => {
  for (const host of ['127.0.0.1', '127.8.8.8', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'localhost']) {
    assert(isLoopback(host), host);
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '::2', 'example.org', 'localhost.example.org']) {
    assert(!isLoopback(host), host);
    assert(!checkExposure({ host, port: 1 }, { tls: null, insecure: false }).ok);
    assert(checkExposure({ host, port: 1 }, { tls: null, insecure: true }).ok);
    assert(checkExposure({ host, port: 1 }, { tls: { cert: 'c', key: 'k' }, insecure: false }).ok);
  }
});

test('a database is SQLite or PostgreSQL, and a message about another does not repeat it', () => {
  for (const text of ['sqlite:x', 'postgres://h/d', 'postgresql://h/d']) assert(checkDatabase(text).ok);
  for (const text of ['sqlite:', 'x', 'mysql://u:secret@h']) {
    const checked = checkDatabase(text);
    assert(!checked.ok && !checked.error.message.includes('secret'));
  }
});

test('lease times come from the environment, and nonsense is refused', () => {
  const times = readLeases({ XX_HEARTBEAT_SECONDS: '1', XX_LEASE_SECONDS: '4.5', XX_ACCEPT_SECONDS: '' });
  assert.deepEqual(times, { ok: true, value: { heartbeatMs: 1000, leaseMs: 4500, acceptMs: 15_000 } });
  for (const text of ['0', '-1', 'soon', 'Infinity', '1e9']) assert(!readLeases({ XX_LEASE_SECONDS: text }).ok, text);
  const short = readLeases({ XX_LEASE_SECONDS: '10' });
  assert(!short.ok);
  assert.equal(short.error.message, 'XX_LEASE_SECONDS (10) must be more than XX_HEARTBEAT_SECONDS (10)');
});
