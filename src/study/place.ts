/** Where studies lie: a folder, or a PostgreSQL server. */
import { looksLikeServer, parseServer, shownAddress } from "../base/index.js";
import { openToRead, openToWrite } from "./local-database.js";
import { openServer, type ServerOptions } from "./server.js";
import type { Sql } from "./sql.js";

/** As it may be shown: a password is nobody's business. */
export const shownPlace = (place: string): string => (looksLikeServer(place) ? shownAddress(place) : place);

export type OpenOptions = ServerOptions & {
  /** Whether studies may be begun there. Else it is opened to be read alone, which in a folder changes nothing and disturbs nobody. */
  readonly create: boolean;
};

/**
 * @param place a folder or an address `postgres://user:password@host/database`.
 * @throws {FileError} when another process has the folder open to write, or there is none and none may be made.
 * @throws {NetworkError} when the server cannot be reached. @throws {UsageError} when it is no proper address.
 */
export async function openSql(place: string, { create, ...options }: OpenOptions): Promise<Sql> {
  if (looksLikeServer(place)) return openServer(parseServer(place), options);
  return create ? openToWrite(place) : openToRead(place);
}
