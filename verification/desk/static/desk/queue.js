// The queue: n takes the next.
"use strict";
stet.onKey("n", () => { stet.$("#next").click(); });
