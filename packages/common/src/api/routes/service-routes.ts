import { z } from 'zod';
import type { Route } from './Route.ts';

/** The server itself. */
export const serviceRoutes = {
  version: {
    method: 'GET',
    path: '/api/version',
    summary: 'Version of the server',
    access: ['public'],
    responses: { 200: z.object({ version: z.string() }) },
  },
  alive: {
    method: 'GET',
    path: '/livez',
    summary: 'The process answers',
    access: ['public'],
    responses: { 200: z.object({ status: z.string() }) },
  },
  ready: {
    method: 'GET',
    path: '/readyz',
    summary: 'Database and stores answer',
    access: ['public'],
    responses: { 200: z.object({ status: z.string(), checks: z.record(z.string(), z.string()) }) },
    problems: { 503: 'something it needs does not answer' },
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Numbers for Prometheus',
    access: ['public'],
    responses: { 200: 'text' },
  },
  openapi: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description',
    access: ['public'],
    responses: { 200: z.unknown() },
  },
} as const satisfies Record<string, Route>;
