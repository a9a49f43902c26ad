export { type CheckInput, type CheckResult, checkPipeline, type FileProvider, type PipelineContext } from './check-pipeline.ts';
