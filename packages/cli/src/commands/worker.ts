import type { Command } from './Command.ts';

/** `xx worker`: runs jobs of a backend. */
export const workerCommand: Command = {
  name: 'worker',
  summary: 'Run the jobs of a backend on this machine',
  isService: true,
  options: [
    { flags: '--backend <url>', description: 'the backend; else XX_BACKEND' },
    { flags: '--token-file <path>', description: 'a file with the worker token; else XX_WORKER_TOKEN' },
    { flags: '--token <token>', description: 'the worker token; other users can see arguments: prefer the file' },
    { flags: '--slots <number>', description: 'jobs to run in parallel; processors + 2 if not given' },
    { flags: '--labels <list>', description: 'labels for the tags of jobs, separated by commas' },
    { flags: '--name <name>', description: "its name; the machine's if not given" },
    { flags: '--listen <address>', description: 'HOST:PORT at which the backend can send it jobs' },
    { flags: '--public-url <url>', description: 'the address for the backend, if it differs from --listen' },
    { flags: '--poll', description: 'ask the backend for jobs (the default without --listen)' },
    { flags: '--state-directory <path>', description: 'undelivered results; XX_HOME/worker if not given' },
    { flags: '--tls-cert <file>', description: 'certificate for --listen, PEM' },
    { flags: '--tls-key <file>', description: 'its key, PEM' },
    { flags: '--insecure', description: 'accept connections from other machines without TLS' },
  ],
  examples: [
    {
      command: 'XX_WORKER_TOKEN=… xx worker --backend https://ci.example.org --slots 4',
      explains: 'poll for jobs; works behind any firewall',
    },
    {
      command: 'xx worker --backend http://127.0.0.1:8642 --token-file worker-token --labels gpu,large',
      explains: 'for jobs with these tags',
    },
    {
      command: 'xx worker --backend http://127.0.0.1:8642 --token-file worker-token --listen 127.0.0.1:8700',
      explains: 'receive jobs from the backend',
    },
  ],
  async run(input, io) {
    const { runWorker } = await import('../server/run-worker.ts');
    return await runWorker(input, io);
  },
};
