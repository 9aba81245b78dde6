/* The specification's names of function codes and exception codes. */

const FUNCTIONS = {
	1: "Read Coils", 2: "Read Discrete Inputs", 3: "Read Holding Registers",
	4: "Read Input Registers", 5: "Write Single Coil", 6: "Write Single Register",
	8: "Diagnostics", 15: "Write Multiple Coils", 16: "Write Multiple Registers",
	17: "Report Server ID", 22: "Mask Write Register",
	23: "Read/Write Multiple Registers", 43: "Read Device Identification",
};

const EXCEPTIONS = {
	1: "illegal function", 2: "illegal data address", 3: "illegal data value",
	4: "server device failure", 6: "server device busy",
	11: "gateway target device failed to respond",
};

const two = (code) => String(code).padStart(2, "0");

export function functionName(code) {
	return FUNCTIONS[code] || (code === "other" ? "other functions" : `function ${code}`);
}

/* A function code with two digits, as in Modbus documents: 05, 16. */
export function functionCode(code) {
	return two(code);
}

export function exceptionName(code) {
	return EXCEPTIONS[code] ? `${two(code)} ${EXCEPTIONS[code]}` : two(code);
}
