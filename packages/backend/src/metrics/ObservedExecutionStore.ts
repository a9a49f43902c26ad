import type { ExecutionStore } from '../store/ExecutionStore.ts';

/** A store whose changes go through something that looks at them. */
export class ObservedExecutionStore implements ExecutionStore {
  readonly change: ExecutionStore['change'];
  readonly create: ExecutionStore['create'];
  readonly find: ExecutionStore['find'];
  readonly executionOfJob: ExecutionStore['executionOfJob'];
  readonly list: ExecutionStore['list'];
  readonly pendingJobs: ExecutionStore['pendingJobs'];
  readonly expiredAssignments: ExecutionStore['expiredAssignments'];
  readonly assignmentsOf: ExecutionStore['assignmentsOf'];
  readonly renewLeases: ExecutionStore['renewLeases'];
  readonly liveExecutions: ExecutionStore['liveExecutions'];
  readonly eventsAfter: ExecutionStore['eventsAfter'];

  constructor(store: ExecutionStore, change: ExecutionStore['change']) {
    this.change = change;
    this.create = store.create.bind(store);
    this.find = store.find.bind(store);
    this.executionOfJob = store.executionOfJob.bind(store);
    this.list = store.list.bind(store);
    this.pendingJobs = store.pendingJobs.bind(store);
    this.expiredAssignments = store.expiredAssignments.bind(store);
    this.assignmentsOf = store.assignmentsOf.bind(store);
    this.renewLeases = store.renewLeases.bind(store);
    this.liveExecutions = store.liveExecutions.bind(store);
    this.eventsAfter = store.eventsAfter.bind(store);
  }
}
