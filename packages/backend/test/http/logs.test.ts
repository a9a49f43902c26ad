import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeLogFrame, logFramesMediaType } from '@xx-pipeline/common/api';
import { job, problemOf, textOf, withBackend } from './BackendRig.ts';

const text = (value: string) => Buffer.from(value);

const frames = (...chunks: readonly (readonly ['stdout' | 'stderr' | 'runner', string])[]) =>
  Buffer.concat(chunks.flatMap(([stream, bytes]) => encodeLogFrame({ stream, at: 1000, bytes: text(bytes) })));

test(
  'a log is appended by offset: repeats change nothing, gaps are refused with where to go on',
  withBackend(async (rig) => {
    await rig.run(job('a'));
    const worker = await rig.registerWorker();
    const { jobId, attempt, token } = await worker.start();
    const append = (offset: number, bytes: string) =>
      rig.worker.appendLog({ params: { jobId }, query: { offset, attempt }, body: text(bytes) }, { token });
    assert.equal((await append(0, 'hello ')).body.nextOffset, 6);
    assert.equal((await append(0, 'hello ')).body.nextOffset, 6);
    assert.equal((await append(3, 'lo world')).body.nextOffset, 11);
    const gap = await problemOf(append(20, 'x'));
    assert.deepEqual([gap.status, gap.code, gap.nextOffset], [416, 'offset_gap', 11]);
    const log = await rig.person.readLog({ params: { jobId }, query: { offset: 0 } });
    assert.match(String(log.headers['content-type']), /^text\/plain/);
    assert.equal(await textOf(log.body), 'hello world');
    const part = await rig.person.readLog({ params: { jobId }, query: { offset: 6, limit: 3 } });
    assert.equal(await textOf(part.body), 'wor');
  }),
);

test(
  'frames keep stream and time, however they are cut, and broken ones are refused',
  withBackend(async (rig) => {
    await rig.run(job('a'));
    const { jobId, token } = await (await rig.registerWorker()).start();
    const begin = encodeLogFrame({ stream: 'runner', at: 1000, bytes: text('begin\n'), mark: 1 });
    const body = Buffer.concat([...begin, frames(['stdout', 'out\n'], ['stderr', 'bad \u00e4\n'])]);
    async function* cut() {
      for (let at = 0; at < body.length; at += 5) yield body.subarray(at, at + 5);
    }
    const send = (offset: number, bytes: Uint8Array | AsyncIterable<Uint8Array>) =>
      rig.worker.appendLog(
        { params: { jobId }, query: { offset }, body: bytes, contentType: logFramesMediaType },
        { token },
      );
    assert.equal((await send(0, cut())).body.nextOffset, 17);
    assert.equal((await problemOf(send(17, body.subarray(0, 20)))).code, 'bad_request');
    assert.equal((await problemOf(send(17, Buffer.alloc(40, 7)))).code, 'bad_request');
    const events = (await rig.person.followLog({ params: { jobId } })).body;
    const seen: unknown[] = [];
    for await (const { id, event, data } of events) {
      seen.push([id, event, JSON.parse(data)]);
      if (id === '17') break;
    }
    assert.deepEqual(seen, [
      ['6', 'log', { offset: 0, stream: 'runner', at: 1000, mark: 1, text: 'begin\n' }],
      ['10', 'log', { offset: 6, stream: 'stdout', at: 1000, text: 'out\n' }],
      ['17', 'log', { offset: 10, stream: 'stderr', at: 1000, text: 'bad \u00e4\n' }],
    ]);
  }),
);

test(
  'a log is followed live, ends with its attempt, and is resumed at an event or an offset',
  withBackend(async (rig) => {
    const { worker, taken } = await rig.startJob();
    const { jobId, token } = taken;
    const append = (offset: number, bytes: Uint8Array) =>
      rig.worker.appendLog({ params: { jobId }, query: { offset }, body: bytes }, { token });
    await append(0, text('one '));
    const following = (async () => {
      const got: string[] = [];
      for await (const { event, data } of (await rig.person.followLog({ params: { jobId } })).body) {
        const { text: content } = JSON.parse(data) as { text?: string };
        got.push(event === 'log' ? (content ?? '') : event);
        if (got.length === 1) await append(4, text('two '));
        if (got.length === 2) {
          await append(8, Buffer.from([0xff, 0xfe]));
          await worker.tell(taken, { status: 'SUCCESS', exitCode: 0 });
        }
      }
      return got;
    })();
    assert.deepEqual(await following, ['one ', 'two ', '', 'end']);

    const rest = async (query: object, headers: Record<string, string>) => {
      const { body } = await rig.person.followLog({ params: { jobId }, query }, { headers });
      return (await Array.fromAsync(body)).map(({ id, data }) => [id, JSON.parse(data)]);
    };
    const bytes = Buffer.from([0xff, 0xfe]).toString('base64');
    const [resumed, ended] = await rest({}, { 'last-event-id': '8' });
    assert.deepEqual([resumed?.[0], resumed?.[1].base64, ended], ['10', bytes, [null, {}]]);
    assert.deepEqual(await rest({ offset: 10 }, {}), [[null, {}]]);
    assert.equal((await problemOf(rest({}, { 'last-event-id': 'x' }))).code, 'bad_request');
  }),
);

test(
  'fifty readers follow one log',
  withBackend(async (rig) => {
    const { worker, taken } = await rig.startJob();
    const { jobId, token } = taken;
    const readers = Array.from({ length: 50 }, async () => {
      let size = 0;
      for await (const { event, data } of (await rig.person.followLog({ params: { jobId } })).body) {
        if (event === 'log') size += (JSON.parse(data) as { text: string }).text.length;
      }
      return size;
    });
    const line = Buffer.alloc(10_000, 'x');
    for (let at = 0; at < 20; at++) {
      await rig.worker.appendLog({ params: { jobId }, query: { offset: at * line.length }, body: line }, { token });
    }
    await worker.tell(taken, { status: 'SUCCESS' });
    assert.deepEqual(new Set(await Promise.all(readers)), new Set([200_000]));
  }),
);

test(
  'a reader goes on after the backend was restarted in the middle of its stream',
  withBackend(async (rig) => {
    const { worker, taken } = await rig.startJob();
    const { jobId, token } = taken;
    const append = (offset: number, bytes: string) =>
      rig.worker.appendLog({ params: { jobId }, query: { offset }, body: text(bytes) }, { token });
    await append(0, 'before ');
    let last = '';
    let log = '';
    for await (const { id, data } of (await rig.person.followLog({ params: { jobId } })).body) {
      last = id ?? '';
      log += (JSON.parse(data) as { text: string }).text;
      // Ends the stream without a word of an end.
      await rig.restart();
    }
    assert.equal(log, 'before ');
    await append(7, 'after');
    await worker.tell(taken, { status: 'SUCCESS' });
    const { body } = await rig.person.followLog({ params: { jobId } }, { headers: { 'last-event-id': last } });
    for await (const { event, data } of body) if (event === 'log') log += (JSON.parse(data) as { text: string }).text;
    assert.equal(log, 'before after');
  }),
);

test(
  'who follows a job that is tried again hears the attempt to come, whatever became of those before',
  withBackend(async (rig) => {
    const run = await rig.run(job('a'));
    const worker = await rig.registerWorker();
    const first = await worker.start();
    const { jobId } = first;
    await rig.worker.appendLog({ params: { jobId }, query: { offset: 0 }, body: text('old') }, first);
    await rig.person.cancelExecution({ params: { id: run.id } });
    await worker.tell(first, { status: 'CANCELED' });
    await rig.person.retryExecution({ params: { id: run.id } });
    // A look at the log shows what there is; following it waits for what comes.
    assert.equal(await textOf((await rig.person.readLog({ params: { jobId } })).body), 'old');
    const { body } = await rig.person.followLog({ params: { jobId } });
    const following = Array.fromAsync(body, ({ event, data }) => [event, (JSON.parse(data) as { text?: string }).text]);
    const second = await worker.start();
    assert.equal(second.attempt, 2);
    await rig.worker.appendLog({ params: { jobId }, query: { offset: 0 }, body: text('new') }, second);
    await worker.tell(second, { status: 'SUCCESS' });
    assert.deepEqual(await following, [
      ['log', 'new'],
      ['end', undefined],
    ]);
  }),
);

test(
  'many who follow one log hear all of it, those who come late and those who read slowly too',
  withBackend(async (rig) => {
    const { worker, taken } = await rig.startJob();
    const { jobId, token } = taken;
    const block = Buffer.alloc(300_000, 'a line\n');
    const follow = async (pause: number) => {
      const heard: string[] = [];
      for await (const { event, data } of (await rig.person.followLog({ params: { jobId } })).body) {
        if (event === 'log') heard.push((JSON.parse(data) as { text: string }).text);
        if (heard.length % 3 === 0) for (let turn = 0; turn < pause; turn++) await new Promise(setImmediate);
      }
      return heard.join('');
    };
    const followers = [0, 1, 50].map(follow);
    for (let turn = 0; turn < 6; turn++) {
      await rig.worker.appendLog(
        { params: { jobId }, query: { offset: turn * block.length }, body: Buffer.from(block) },
        { token },
      );
      if (turn === 3) followers.push(follow(0));
    }
    await worker.tell(taken, { status: 'SUCCESS' });
    const whole = block.toString().repeat(6);
    for (const heard of await Promise.all(followers)) assert.ok(heard === whole);
  }),
);
