import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canTransition, ExecutionStatus, isTerminal } from '../src/index.ts';

const legal: Readonly<Record<ExecutionStatus, readonly ExecutionStatus[]>> = {
  CREATED: ['PENDING', 'MANUAL', 'SKIPPED', 'CANCELED'],
  PENDING: ['RUNNING', 'FAILED', 'SKIPPED', 'CANCELED'],
  RUNNING: ['SUCCESS', 'FAILED', 'CANCELED', 'PENDING'],
  MANUAL: ['PENDING', 'SKIPPED', 'CANCELED'],
  SUCCESS: ['PENDING'],
  FAILED: ['PENDING', 'CREATED'],
  CANCELED: ['PENDING', 'CREATED'],
  SKIPPED: ['CREATED'],
};

for (const from of Object.values(ExecutionStatus)) {
  for (const to of Object.values(ExecutionStatus)) {
    const expected = legal[from].includes(to);
    test(`${from} ${expected ? 'may' : 'may not'} become ${to}`, () => {
      assert.equal(canTransition(from, to), expected);
    });
  }
}

test('what is terminal', () => {
  assert.deepEqual(Object.values(ExecutionStatus).filter(isTerminal), ['SUCCESS', 'FAILED', 'CANCELED', 'SKIPPED']);
});

test('a terminal status changes only by a retry', () => {
  for (const from of Object.values(ExecutionStatus).filter(isTerminal)) {
    const next = Object.values(ExecutionStatus).filter((to) => canTransition(from, to));
    assert.deepEqual(
      next.filter((status) => status !== 'CREATED' && status !== 'PENDING'),
      [],
    );
  }
});
