import { codes } from './codes.ts';
import type { DiagnosticSink } from './DiagnosticSink.ts';

/** Called when a file that should be included is not there: whatever it would have defined is missing, and no news. */
export function expectMissingNames(sink: DiagnosticSink): void {
  sink.expect([
    codes.extendsUnknown,
    codes.referenceNotFound,
    codes.noScript,
    codes.notAJob,
    codes.noJobs,
    codes.unknownStage,
    codes.undefinedNeed,
    codes.undefinedDependency,
  ]);
}
