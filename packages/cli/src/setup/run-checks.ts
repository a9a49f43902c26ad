import { type CheckOutcome, type SetupCheck, SetupFailed, type SetupWorld } from './SetupCheck.ts';

/** A check, what came of it, and whether that is thanks to a fix made now. */
export interface CheckReport {
  readonly check: SetupCheck;
  readonly outcome: CheckOutcome;
  readonly fixed: boolean;
}

/** How a run of the checks deals with what is missing. */
export interface CheckPolicy {
  /** Mend what can be mended. */
  readonly fix: boolean;
  /** Asked once, before the first fix that changes the system. */
  confirm(what: readonly string[]): Promise<boolean>;
  /** Told as soon as a check is done. */
  done?(report: CheckReport): void;
}

/** Runs the checks one by one, mending as the policy allows; a fix is believed only when its check says ok afterwards. */
export async function runChecks(
  checks: readonly SetupCheck[],
  world: SetupWorld,
  policy: CheckPolicy,
): Promise<readonly CheckReport[]> {
  const allowed = policy.fix && (await isAllowed(checks, world, policy));
  const reports: CheckReport[] = [];
  for (const check of checks) {
    world.signal.throwIfAborted();
    let outcome = await check.run(world);
    let fixed = false;
    if (policy.fix && outcome.state === 'missing' && outcome.fix !== undefined && (allowed || !outcome.fix.system)) {
      outcome = await mend(check, outcome, outcome.fix.run, world);
      fixed = outcome.state !== 'missing';
    }
    const report = { check, outcome, fixed };
    reports.push(report);
    policy.done?.(report);
  }
  return reports;
}

/** Looks ahead at what will be changed, so that a person is asked once and for all of it. */
async function isAllowed(checks: readonly SetupCheck[], world: SetupWorld, policy: CheckPolicy): Promise<boolean> {
  const changes: string[] = [];
  for (const check of checks) {
    const { state, fix } = await check.run(world);
    if (state === 'missing' && fix?.system) changes.push(fix.what);
  }
  return changes.length === 0 || (await policy.confirm(changes));
}

async function mend(
  check: SetupCheck,
  before: CheckOutcome,
  run: (world: SetupWorld) => Promise<void>,
  world: SetupWorld,
): Promise<CheckOutcome> {
  try {
    await run(world);
    return await check.run(world);
  } catch (error) {
    world.signal.throwIfAborted();
    if (error instanceof SetupFailed) return { state: 'missing', found: error.message, mend: error.mend };
    if (error instanceof Error && 'code' in error)
      return { ...before, found: `${before.found}; mending failed: ${error.message}` };
    throw error;
  }
}
