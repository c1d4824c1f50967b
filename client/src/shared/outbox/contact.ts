import {changeDevice, readDevice, type Device} from "../rows/device";
import type {WriteTx} from "../rows/schema";
import type {Moment} from "../vocabulary/backoff";
import type {Limits} from "../vocabulary/protocol";
import {expire} from "./aging";
import type {Announcement} from "./messages";

interface Word {
    server_time: string;
    limits: Limits;
}

/** The server has answered: our own backoff starts afresh, its clock and limits count, and what has become too old parks. */
export async function noteContact(
    tx: WriteTx, {server_time, limits}: Word, moment: Moment, more: Partial<Device>,
): Promise<Announcement[]> {
    const device = await readDevice(tx);
    const at = Date.parse(server_time);
    const clock = Number.isNaN(at) ? {} : {clock: Math.round(at - moment.now), answered_at: at};
    const contact = {failures: 0, next_try: 0, answers: device.answers + 1, ...clock};
    await changeDevice(tx, {...contact, limits: {...device.limits, ...limits}, ...more});
    return expire(tx, moment);
}
