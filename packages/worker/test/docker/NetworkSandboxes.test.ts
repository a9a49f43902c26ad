import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NetworkSandboxes, type SandboxLease } from '../../src/execution/docker/NetworkSandboxes.ts';

function sandboxes() {
  let made = 0;
  const removed: string[] = [];
  const pool = new NetworkSandboxes<string>({
    create: async () => {
      made += 1;
      return `sandbox-${made}`;
    },
    remove: async (id: string) => void removed.push(id),
  });
  return { pool, removed, made: () => made };
}

test('a job joins the network of jobs that are certain to have ended, and waits for exactly them', async () => {
  const { pool } = sandboxes();
  const first = pool.lease('a', new Set(), 'image');
  const second = pool.lease('b', new Set(['a']), 'image');
  const other = pool.lease('c', new Set(['a']), 'image');
  assert.equal(await first.sandbox, await second.sandbox);
  assert.deepEqual(second.before, [first]);
  assert.notEqual(await other.sandbox, await first.sandbox);
});

test('a network that is free is used again', async () => {
  const { pool, made } = sandboxes();
  for (const job of ['a', 'b', 'c']) pool.lease(job, new Set(), 'image').end();
  assert.equal(made(), 1);
});

test('closing removes every network', async () => {
  const { pool, removed } = sandboxes();
  pool.lease('a', new Set(), 'image');
  pool.lease('b', new Set(), 'image');
  await pool.close();
  assert.deepEqual(removed.toSorted(), ['sandbox-1', 'sandbox-2']);
});

test('never do two jobs of which neither is certain to follow the other hold one network', () => {
  const step = fc.record({ after: fc.array(fc.nat(20)), end: fc.option(fc.nat(20)) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 21 }), (steps) => {
      const { pool } = sandboxes();
      const held = new Map<number, { lease: SandboxLease<string>; after: Set<string> }>();
      for (const [job, { after, end }] of steps.entries()) {
        const runsAfter = new Set(after.filter((other) => other < job).map(String));
        const lease = pool.lease(String(job), runsAfter, 'image');
        for (const [other, { lease: theirs }] of held) {
          if (theirs.sandbox !== lease.sandbox) continue;
          assert.ok(runsAfter.has(String(other)));
          assert.ok(lease.before.includes(theirs));
        }
        held.set(job, { lease, after: runsAfter });
        if (end !== null) {
          held.get(end)?.lease.end();
          held.delete(end);
        }
      }
    }),
  );
});
