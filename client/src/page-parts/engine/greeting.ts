import type {WorkerMessage, WorkerReply} from "../../shared/outbox/messages";

/** A worker that has to be started first has answered by then. */
const PATIENCE = 3_000;

/** What our code in a worker says of itself, null for a worker without it. */
export function greet(worker: ServiceWorker): Promise<WorkerReply | null> {
    return new Promise((resolve) => {
        const {port1, port2} = new MessageChannel();
        const done = (reply: WorkerReply | null) => {
            clearTimeout(timer);
            port1.close();
            resolve(reply);
        };
        const timer = setTimeout(() => done(null), PATIENCE);
        port1.onmessage = ({data}: MessageEvent<WorkerReply>) => done(data);
        worker.postMessage({bgsync: 1, type: "hello"} satisfies WorkerMessage, [port2]);
    });
}
