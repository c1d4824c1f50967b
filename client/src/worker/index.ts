import type {WorkerConfig} from "./core";
import type {WorkerApi} from "./project";
import type {WorkerScope} from "./scope";
import {startWorker} from "./start";

declare const self: WorkerScope & {__bgsync: WorkerConfig; bgsync?: WorkerApi};

// A second import would answer every event twice.
self.bgsync ??= startWorker(self, self.__bgsync);
