import {promisifyRequest} from "idb-keyval";

/** A request's result. */
export const promised = promisifyRequest as <T>(request: IDBRequest<T>) => Promise<T>;
