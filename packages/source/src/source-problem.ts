/** Why a source cannot be read. A closed union of facts: the caller writes the sentence. */
export type SourceProblem =
  | { readonly kind: 'no-pipeline-file'; readonly directory: string; readonly inRepository: boolean }
  | {
      readonly kind: 'unreadable-pipeline-file';
      readonly file: string;
      /** `outside`: a link that leads out of the tree, or something other than a file. */
      readonly reason: 'missing' | 'denied' | 'directory' | 'outside';
    }
  | { readonly kind: 'not-in-repository'; readonly directory: string }
  | { readonly kind: 'no-repository-at'; readonly path: string }
  | { readonly kind: 'no-commits' }
  | { readonly kind: 'unknown-commit'; readonly commit: string }
  | { readonly kind: 'git-missing' }
  | {
      readonly kind: 'git-failed';
      readonly action: 'clone' | 'check-out' | 'list-files';
      /** Path or URL without credentials. */
      readonly subject: string;
      /** The line of git's output that gives the reason. */
      readonly reason: string;
    };
