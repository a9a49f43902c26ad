/** What a starter file is made from. */
export interface Stack {
  readonly title: string;
  readonly image: string;
  readonly jobs: readonly StarterJob[];
}

/** One job of a starter file. */
export interface StarterJob {
  readonly name: string;
  readonly stage: string;
  readonly script: readonly string[];
  readonly artifacts?: readonly string[];
}

/** The directory a starter file is made for. */
export interface DirectoryReader {
  has(name: string): boolean;
  read(name: string): string;
}

/** Guesses from well-known files what a project is written in, and the commands that test and build it. */
export function detectStack(directory: DirectoryReader): Stack {
  if (directory.has('package.json')) {
    return nodeStack(directory);
  }
  if (directory.has('go.mod')) {
    return {
      title: 'Go',
      image: 'golang:1.25',
      jobs: [
        { name: 'vet', stage: 'check', script: ['go vet ./...'] },
        { name: 'test', stage: 'check', script: ['go test ./...'] },
        { name: 'build', stage: 'build', script: ['go build -o bin/ ./...'], artifacts: ['bin/'] },
      ],
    };
  }
  if (directory.has('Cargo.toml')) {
    return {
      title: 'Rust',
      image: 'rust:1',
      jobs: [
        { name: 'test', stage: 'check', script: ['cargo test --locked'] },
        { name: 'build', stage: 'build', script: ['cargo build --release --locked'], artifacts: ['target/release/'] },
      ],
    };
  }
  if (['pyproject.toml', 'requirements.txt', 'setup.py'].some((name) => directory.has(name))) {
    return pythonStack(directory);
  }
  return {
    title: 'any project',
    image: 'busybox:latest',
    jobs: [
      { name: 'hello', stage: 'check', script: ['echo "Hello from $CI_JOB_NAME"', 'ls'] },
      { name: 'build', stage: 'build', script: ['mkdir -p out', 'date > out/built.txt'], artifacts: ['out/'] },
    ],
  };
}

function nodeStack(directory: DirectoryReader): Stack {
  const scripts = scriptsOf(directory);
  const [install, run] = directory.has('pnpm-lock.yaml')
    ? ['corepack enable && pnpm install --frozen-lockfile', 'pnpm run']
    : directory.has('yarn.lock')
      ? ['corepack enable && yarn install --immutable', 'yarn run']
      : [directory.has('package-lock.json') ? 'npm ci' : 'npm install', 'npm run'];
  const job = (name: string, stage: string): StarterJob[] =>
    scripts.has(name) ? [{ name, stage, script: [install, `${run} ${name}`] }] : [];
  const jobs = [...job('lint', 'check'), ...job('test', 'check'), ...job('build', 'build')];
  return {
    title: 'Node.js',
    image: 'node:24',
    jobs: jobs.length > 0 ? jobs : [{ name: 'install', stage: 'check', script: [install] }],
  };
}

function scriptsOf(directory: DirectoryReader): Set<string> {
  try {
    const manifest: unknown = JSON.parse(directory.read('package.json'));
    const scripts = (manifest as { scripts?: unknown } | null)?.scripts;
    return new Set(typeof scripts === 'object' && scripts !== null ? Object.keys(scripts) : []);
  } catch {
    return new Set();
  }
}

function pythonStack(directory: DirectoryReader): Stack {
  const install = directory.has('requirements.txt') ? 'pip install -r requirements.txt' : 'pip install .';
  return {
    title: 'Python',
    image: 'python:3.13',
    jobs: [
      { name: 'compile', stage: 'check', script: ['python -m compileall -q .'] },
      { name: 'test', stage: 'check', script: [install, 'pip install pytest', 'python -m pytest'] },
    ],
  };
}
