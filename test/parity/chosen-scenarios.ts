/**
 * Scenarios in which a server has to do something of its own, and what that is. They run on every kind of server and are
 * compared with a local run in all that a report says; the others run on one server against what they expect.
 */
export const chosenScenarios: Readonly<Record<string, string>> = {
  'a-failed-stage-skips-the-next': 'on_failure and always, decided from records',
  'a-blocking-manual-job-holds-the-next-stage': 'a run that waits for a person',
  'an-allowed-failure-leaves-the-pipeline-green': 'allow_failure',
  'allow-failure-for-some-exit-codes': 'exit codes travel',
  'retry-runs-a-failed-job-again': 'attempts with logs of their own',
  'needs-run-before-their-stage-is-done': 'the order is not that of stages',
  'needs-all-jobs-of-a-matrix': 'matrix',
  'artifacts-reach-later-stages': 'archives go to the backend and back',
  'dependencies-choose-artifacts': 'which archives a job gets',
  'a-timeout-stops-a-job': 'the worker keeps the time',
  'variables-of-file-job-and-run': 'variables are expanded by the backend',
  'a-secret-is-masked-wherever-it-would-be-shown': 'secrets are encrypted on their way',
  'an-image-that-is-nowhere': 'failures before the script',
  'after-script-runs-after-failure-too': 'the second script',
};
