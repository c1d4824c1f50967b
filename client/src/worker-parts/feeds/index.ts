import {plugIn} from "../../worker/core";
import {feeds} from "./feeds";

plugIn(feeds);
