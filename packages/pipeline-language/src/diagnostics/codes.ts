import type { Severity } from '@xx-pipeline/common';

/** A kind of problem: its stable code, how bad it is, and its one-line title. */
export interface DiagnosticCode {
  readonly code: string;
  readonly severity: Severity;
  readonly title: string;
}

const error = (code: string, title: string): DiagnosticCode => ({ code, severity: 'error', title });
const warning = (code: string, title: string): DiagnosticCode => ({ code, severity: 'warning', title });

/** Every problem that checking can find. Codes are never reused; each has a page in `docs/diagnostics/`. */
export const codes = {
  yamlSyntax: error('XX1001', 'the file is not valid YAML'),
  tooBig: error('XX1002', 'the file is too big or nested too deeply'),
  emptyFile: error('XX1003', 'the file has no content'),
  notAMapping: error('XX1004', 'the file is not a mapping'),
  duplicateKey: warning('XX1005', 'a key is written twice'),
  unknownAnchor: error('XX1006', 'an alias names no anchor'),
  extraDocument: warning('XX1007', 'only the first document of a file is read'),
  ignoredTag: warning('XX1008', 'a YAML tag is ignored'),
  badKey: error('XX1009', 'a mapping key is not a simple value'),
  badMerge: error('XX1010', 'a merge key needs a mapping'),

  badInclude: error('XX1101', 'an include entry is malformed'),
  includeMissing: error('XX1102', 'an included file cannot be used'),
  includeCycle: error('XX1103', 'files include each other'),
  tooManyIncludes: error('XX1104', 'too many includes'),
  extendsUnknown: error('XX1111', 'extends names a job that does not exist'),
  extendsInvalidBase: error('XX1112', 'extends names something that is not a mapping'),
  extendsCycle: error('XX1113', 'jobs extend each other'),
  extendsTooDeep: error('XX1114', 'extends is nested too deeply'),
  badReference: error('XX1121', 'a !reference is malformed'),
  referenceNotFound: error('XX1122', 'a !reference finds nothing'),
  referenceCycle: error('XX1123', 'references refer to each other'),

  unknownKeyword: error('XX1201', 'the keyword does not exist'),
  notSupportedYet: error('XX1202', 'the keyword is not supported yet'),
  noEffect: warning('XX1203', 'the keyword has no effect here'),
  wrongType: error('XX1204', 'a value has the wrong type'),
  invalidValue: error('XX1205', 'a value is not allowed'),
  keyConflict: error('XX1206', 'two keywords exclude each other'),
  defaultConflict: error('XX1207', 'a keyword is both global and in default'),
  invalidDuration: error('XX1208', 'a value is not a duration'),
  invalidScript: error('XX1209', 'a script is not a list of commands'),
  invalidExpression: error('XX1210', 'an if expression cannot be read'),
  invalidGlob: error('XX1211', 'a file pattern cannot be used'),
  tooManyEntries: error('XX1212', 'a list has too many entries'),
  missingKey: error('XX1213', 'a required key is missing'),

  noJobs: error('XX1301', 'the file has no visible job'),
  noScript: error('XX1302', 'a job has no script'),
  jobName: error('XX1303', 'a job name cannot be used'),
  notAJob: error('XX1304', 'a top-level key is neither a keyword nor a job'),
  unknownStage: error('XX1305', 'a job is in a stage that does not exist'),
  duplicateJob: error('XX1306', 'two jobs have the same name'),
  startIn: error('XX1307', 'start_in and when: delayed belong together'),

  undefinedNeed: error('XX1401', 'a needed job does not exist'),
  needInLaterStage: error('XX1402', 'a needed job is in a later stage'),
  duplicateNeed: error('XX1403', 'a job is needed twice'),
  needsCycle: error('XX1404', 'jobs need each other'),
  tooManyNeeds: error('XX1405', 'a job has too many needs'),
  undefinedDependency: error('XX1406', 'a job in dependencies does not exist'),
  dependencyInLaterStage: error('XX1407', 'a job in dependencies is in a later stage'),
  dependencyNotNeeded: error('XX1408', 'a job in dependencies is missing in needs'),
  needNotInPipeline: error('XX1409', 'a needed job is excluded by its rules'),
  unknownMatrixVariable: error('XX1410', 'a matrix expression names no variable of the matrix'),

  tooManyInstances: error('XX1501', 'parallel makes too many jobs'),
  sameInstance: warning('XX1502', 'two entries of a matrix make the same job'),

  variableCycle: error('XX1601', 'variables refer to each other'),
} as const satisfies Record<string, DiagnosticCode>;
