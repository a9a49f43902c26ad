// A worker as a process of its own, to be killed: `node worker-process.ts <options as JSON>`. Says `ready <url>`.
import process from 'node:process';
import { type StartWorkerOptions, startWorker } from '../../src/app/index.ts';

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const options = JSON.parse(process.argv[2] ?? '{}') as StartWorkerOptions;
const worker = await startWorker({ ...options, log: quiet });
process.stdout.write(`ready ${worker.url}\n`);
process.once('SIGTERM', () => void worker.drain().then(() => worker.close()));
