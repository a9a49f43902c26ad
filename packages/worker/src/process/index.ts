export { bootId, makeOwnerId, ownerState } from './owner-id.ts';
