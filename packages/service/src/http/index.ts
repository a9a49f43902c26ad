export { NodeTransport, type NodeTransportOptions } from './NodeTransport.ts';
