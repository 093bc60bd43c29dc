/** What studies ask of a database, wherever it is. One dialect: PostgreSQL's. */

export type Row = Readonly<Record<string, unknown>>;

export interface Sql {
  /**
   * @param values for `$1`, `$2` …
   * @throws {FileError} when the database refuses, or its disk does. @throws {NetworkError} when a server stays away.
   */
  query(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /**
   * Keeps other processes from writing to this study until all is closed; the server's others may read it. A folder is held as
   * a whole, from the start.
   *
   * @throws {FileError} when another process has it.
   */
  hold(study: string): Promise<void>;
  close(): Promise<void>;
}
