import type { Command } from './Command.ts';

/** `xx server`: everything on one machine, in one process. */
export const serverCommand: Command = {
  name: 'server',
  summary: 'Serve pipelines on this machine: backend and one worker in one process',
  isService: true,
  options: [
    { flags: '--listen <address>', description: 'HOST:PORT; 127.0.0.1:8642 if not given' },
    { flags: '--slots <number>', description: 'jobs to run in parallel; processors + 2 if not given' },
    { flags: '--labels <list>', description: 'labels of the worker, separated by commas' },
    { flags: '--public-url <url>', description: 'the address for users, if it differs from --listen' },
    { flags: '--tls-cert <file>', description: 'certificate, PEM' },
    { flags: '--tls-key <file>', description: 'its key, PEM' },
    { flags: '--insecure', description: 'accept connections from other machines without TLS' },
  ],
  examples: [
    { command: 'xx server', explains: 'start it; xx run in another terminal finds it by itself' },
    { command: 'xx server --slots 8', explains: 'eight jobs at once' },
    { command: 'xx server --listen 127.0.0.1:9000', explains: 'at another port' },
  ],
  async run(input, io) {
    const { runServer } = await import('../server/run-server.ts');
    return await runServer(input, io);
  },
};
