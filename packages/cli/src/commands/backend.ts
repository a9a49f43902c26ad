import { tokenRoles } from '@xx-pipeline/common';
import type { Command } from './Command.ts';

/** `xx backend`: the part of a server that stores and schedules, as a process of its own; and its tokens. */
export const backendCommand: Command = {
  name: 'backend',
  summary: 'Store and schedule runs for any number of workers',
  arguments: [
    { name: '[action...]', description: 'token create or token revoke: manage access of people and workers' },
  ],
  isService: true,
  options: [
    { flags: '--database <url>', description: 'sqlite:PATH or postgres://…; else XX_DATABASE, else a file of its own' },
    { flags: '--listen <address>', description: 'HOST:PORT; 127.0.0.1:8642 if not given' },
    { flags: '--state-directory <path>', description: 'logs, artifacts, key of secrets; XX_HOME/backend if not given' },
    { flags: '--shared-directory <path>', description: 'a disk all backends of one PostgreSQL share, for large files' },
    { flags: '--secret-key-file <path>', description: 'the key that encrypts secrets; the same for all backends' },
    { flags: '--public-url <url>', description: 'the address for users, if it differs from --listen' },
    { flags: '--tls-cert <file>', description: 'certificate, PEM' },
    { flags: '--tls-key <file>', description: 'its key, PEM' },
    { flags: '--insecure', description: 'accept connections from other machines without TLS' },
    { flags: '--role <role>', description: 'the role of the new token', choices: [...tokenRoles] },
    { flags: '--name <name>', description: 'the name of the token; tokens are revoked by name' },
  ],
  examples: [
    { command: 'xx backend --database sqlite:xx.sqlite', explains: 'on one machine' },
    {
      command: 'XX_DATABASE=postgres://xx@db/xx xx backend --listen 0.0.0.0:8642 --tls-cert c.pem --tls-key k.pem',
      explains: 'one of several on PostgreSQL',
    },
    { command: 'xx backend token create --role worker --name build-1', explains: 'print a new token, once' },
  ],
  async run(input, io) {
    if (input.arguments.length > 0) {
      const { manageTokens } = await import('../server/manage-tokens.ts');
      return await manageTokens(input, io);
    }
    const { runBackend } = await import('../server/run-backend.ts');
    return await runBackend(input, io);
  },
};
