import {plugIn} from "../../worker/core";
import {completion} from "./completion";

plugIn(completion);
