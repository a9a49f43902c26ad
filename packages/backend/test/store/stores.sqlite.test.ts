import { makeSqlite } from './databases.ts';
import { testExecutions } from './executions-suite.ts';
import { testRegistry } from './registry-suite.ts';

testExecutions('SQLite', makeSqlite);
testRegistry('SQLite', makeSqlite);
