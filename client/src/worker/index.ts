import type {WorkerApi} from "./project";
import type {WorkerScope} from "./scope";
import {startWorker, type WorkerConfig} from "./start";

declare const self: WorkerScope & {__bgsync: WorkerConfig; bgsync?: WorkerApi};

// A second import would answer every event twice.
self.bgsync ??= startWorker(self, self.__bgsync);
