/** How much the jobs of a pipeline write, and how long they take about it. */
export interface JobShape {
  /** Numbered lines in the log. */
  readonly lines: number;
  /** Seconds between every fifty of them. */
  readonly pause: number;
}

/** A line of a job's log, by which its completeness is checked. */
export const logLine = (job: string, number: number): string => `${job} line ${number}`;

const count = ({ lines, pause }: JobShape): string =>
  `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "$CI_JOB_NAME line $i"; [ $((i % 50)) -ne 0 ] || sleep ${pause}; done`;

const keep = 'seq 1 3000 | sed "s/^/$CI_JOB_NAME /" > $CI_JOB_NAME.txt';
const check = (...jobs: readonly string[]): string =>
  jobs.map((job) => `seq 1 3000 | sed "s/^/${job} /" | cmp - ${job}.txt`).join(' && ');

/**
 * Five jobs, four of them with a need:
 *
 *   a --> c --.
 *      \       > e
 *   b --> d --'
 *
 * Each writes a numbered log and keeps a file; whoever gets the file compares it with what it must be.
 */
export function fiveJobs(shape: JobShape, more = ''): string {
  return `
image: busybox:latest
default: {artifacts: {paths: ['*.txt']}${more}}
stages: [one, two, three]
a: {stage: one, script: ['${count(shape)}', '${keep}']}
b: {stage: one, script: ['${count(shape)}', '${keep}']}
c: {stage: two, needs: [a], script: ['${check('a')}', '${count(shape)}', '${keep}']}
d: {stage: two, needs: [a, b], script: ['${check('a', 'b')}', '${count(shape)}', '${keep}']}
e: {stage: three, needs: [c, d], script: ['${check('c', 'd')}', '${count(shape)}', '${keep}']}
`;
}

/** One job that writes a numbered log and keeps a file. */
export function oneJob(shape: JobShape, more = ''): string {
  return `
image: busybox:latest
a: {script: ['${count(shape)}', '${keep}'], artifacts: {paths: ['*.txt']}${more}}
`;
}
