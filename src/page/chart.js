/*
 * Charts: the trend of one value, and rates, both over time. Each is drawn only
 * when its function is called.
 */

/* Of a trend, as in style.css: to ask each of many canvases is slow. */
const TREND = { width: 72, height: 22 };

/* Give a canvas the resolution of the screen. Returns its context, which uses
 * CSS pixels. */
function prepare(canvas, width = canvas.clientWidth, height = canvas.clientHeight) {
	const ratio = window.devicePixelRatio || 1;

	if (canvas.width !== Math.round(width * ratio) ||
	    canvas.height !== Math.round(height * ratio)) {
		canvas.width = Math.round(width * ratio);
		canvas.height = Math.round(height * ratio);
	}
	const context = canvas.getContext("2d");
	context.setTransform(ratio, 0, 0, ratio, 0, 0);
	context.clearRect(0, 0, width, height);
	return { context, width, height };
}

/* Draw a history as steps over the last `span` ms before now: a value holds
 * until the next. The newest is at the right, with a point. */
export function drawTrend(canvas, history, now, span, colour) {
	const { context: c, width, height } = prepare(canvas, TREND.width, TREND.height);
	const times = [], values = [];

	history.each((time, value) => {
		if (time <= now - span) /* the last of these is the value at the left */
			times.length = values.length = 0;
		times.push(Math.max(time, now - span));
		values.push(value);
	});
	if (values.length < 2)
		return;
	const least = Math.min(...values), most = Math.max(...values);
	const x = (time) => 2 + (time - now + span) * (width - 5) / span;
	const y = (v) => height - 3 - (v - least) / (most - least || 1) * (height - 6);
	c.strokeStyle = colour;
	c.lineWidth = 1.25;
	c.lineJoin = "round";
	c.beginPath();
	c.moveTo(x(times[0]), y(values[0]));
	for (let i = 1; i < values.length; i++) {
		c.lineTo(x(times[i]), y(values[i - 1]));
		c.lineTo(x(times[i]), y(values[i]));
	}
	c.lineTo(x(now), y(values.at(-1)));
	c.stroke();
	c.fillStyle = colour;
	c.beginPath();
	c.arc(x(now), y(values.at(-1)), 2, 0, 7);
	c.fill();
}

/* 1, 2 or 5 times a power of ten, not below most. */
function niceTop(most) {
	const power = 10 ** Math.floor(Math.log10(Math.max(1, most)));

	return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= most);
}

/*
 * Rates over time: series is [{values, colour, fill, dash}], the newest at the
 * right. slots is the number of values in the width.
 */
export function drawRates(canvas, series, slots, style) {
	const { context: c, width, height } = prepare(canvas);
	const left = 46, bottom = 18, top = 8;
	const most = niceTop(Math.max(1, ...series.flatMap((s) => s.values)));
	const x = (i, n) => width - 2 - (n - 1 - i) * (width - left - 2) / (slots - 1);
	const y = (v) => height - bottom - v / most * (height - bottom - top);

	if (width === 0 || height < 2 * bottom)
		return;
	drawScale(c, { left, width, height, most, y, slots }, style);
	for (const { values, colour, fill, dash } of series) {
		if (values.length < 2)
			continue;
		c.beginPath();
		values.forEach((v, i) => c[i ? "lineTo" : "moveTo"](x(i, values.length), y(v)));
		c.strokeStyle = c.fillStyle = colour;
		c.lineWidth = 1.5;
		c.lineJoin = "round";
		c.setLineDash(dash || []);
		c.stroke();
		c.setLineDash([]);
		if (!fill)
			continue;
		c.lineTo(x(values.length - 1, values.length), y(0));
		c.lineTo(x(0, values.length), y(0));
		c.globalAlpha = fill;
		c.fill();
		c.globalAlpha = 1;
	}
}

function drawScale(c, { left, width, height, most, y, slots }, style) {
	c.font = "11px system-ui, sans-serif";
	c.textBaseline = "middle";
	for (const part of most > 1 ? [0, 0.5, 1] : [0, 1]) {
		c.fillStyle = style.line;
		c.fillRect(left, Math.round(y(part * most)), width - left, 1);
		c.fillStyle = style.text;
		c.textAlign = "right";
		c.fillText((part * most).toLocaleString("en-GB"), left - 6, y(part * most));
	}
	c.textBaseline = "alphabetic";
	c.textAlign = "left";
	c.fillText(`${slots} s ago`, left, height - 4);
	c.textAlign = "right";
	c.fillText("now", width - 2, height - 4);
}
