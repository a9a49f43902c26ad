/** What follows from one job for the stages and jobs behind it. */
export class StageExecutionService {}
