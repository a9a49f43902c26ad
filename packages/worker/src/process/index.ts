export {
  lifeOf,
  makeOwnerId,
  ownerState,
  type ProcessIdentity,
  type ProcessLife,
  thisProcess,
} from './ProcessIdentity.ts';
export { bootId } from './process-table.ts';
