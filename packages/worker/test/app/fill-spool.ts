// Writes a megabyte into a spool whose file may not grow that far: `node fill-spool.ts <path>`. Says what came of it.
import process from 'node:process';
import { LogFile } from '../../src/app/spool/LogFile.ts';
import { LogSpool } from '../../src/app/spool/LogSpool.ts';

let troubles = 0;
const spool = await LogSpool.on(LogFile.open(process.argv[2] ?? ''), {
  onGrowth: () => {},
  onTrouble: (error) => {
    if (error !== null) troubles++;
  },
  now: () => 1,
});
for (let count = 0; count < 1000; count++) {
  await spool.write({ stream: 'stdout', at: 1, bytes: Buffer.from('0123456789'.repeat(100)) });
  if (count % 10 === 0) await spool.settled();
}
await spool.close();
process.stdout.write(JSON.stringify({ troubles, end: spool.end }));
