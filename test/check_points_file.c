#include "points/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "scratch.h"
#include "suite.h"

#define TOLD_MAX 65536

/* What was told, a line each. */
static char errors[TOLD_MAX], warnings[TOLD_MAX];
static struct points *points;

static void
append(char *told, const char *line)
{
	size_t length = strlen(told);

	ck_assert_ptr_null(strchr(line, '\n'));
	ck_assert_uint_lt(length + strlen(line) + 2, TOLD_MAX);
	sprintf(told + length, "%s\n", line);
}

static void
add_error(void *arg, const char *line)
{
	(void)arg;
	append(errors, line);
}

static void
add_warning(void *arg, const char *line)
{
	(void)arg;
	append(warnings, line);
}

static const struct points_report report = { add_error, add_warning, NULL };

static void
forget(void)
{
	points_free(points);
	points = NULL;
	errors[0] = warnings[0] = '\0';
}

static int
read_bytes(const char *text, size_t length, enum datatable_overlay overlay)
{
	FILE *f = tmpfile();
	int status;

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, length, f), length);
	rewind(f);
	forget();
	status = points_read_stream(f, "plant.csv", overlay, &report, &points);
	fclose(f);
	ck_assert((status == EX_OK) == (points != NULL));
	ck_assert((status == EX_OK) == (errors[0] == '\0'));
	return status;
}

static int
read_text(const char *text, enum datatable_overlay overlay)
{
	return read_bytes(text, strlen(text), overlay);
}

static void
read_well(const char *text)
{
	int status = read_text(text, DATATABLE_SEPARATE);

	ck_assert_msg(status == EX_OK, "%d: %s", status, errors);
}

/* The points as they are printed, with the header; to be freed. */
static char *
print(void)
{
	static char *text;
	static size_t length;
	FILE *out = open_memstream(&text, &length);

	ck_assert_ptr_nonnull(out);
	points_print(points, out);
	fclose(out);
	return text;
}

/* The rows below the header. */
static void
assert_rows(const char *rows)
{
	char *text = print();

	ck_assert_str_eq(strchr(text, '\n') + 1, rows);
	free(text);
}

/* What was printed is read as the same, and prints itself. */
static void
assert_prints_itself(enum datatable_overlay overlay)
{
	char *first = print(), *second;

	ck_assert_msg(
	    read_text(first, overlay) == EX_OK, "%s%s", errors, first);
	second = print();
	ck_assert_str_eq(second, first);
	free(first);
	free(second);
}

/* --- what is right -------------------------------------------------------- */

static const char example[] =
    "# boiler house; addresses from the vendor's list\n"
    "name,address,type,order,value,scale,units,access,simulate,description\n"
    "supply temperature,HR0,int16,,62.5,0.1,\xc2\xb0"
    "C,ro,"
    "\"sine(55..70, 120s)\",sensor T1\n"
    "return temperature,HR1,int16,,48.0,0.1,\xc2\xb0"
    "C,ro,"
    "\"walk(40..55, 0.3)\",sensor T2\n"
    "setpoint,40011,int16,,65,0.1,\xc2\xb0"
    "C,rw,,register 10\n"
    "flow,HR20,float32,CDAB,12.75,,m\xc2\xb3/h,ro,\"random(12..13)\",\n"
    "energy,HR22,uint64,CDAB,123456789,,Wh,ro,count(3),"
    "goes on after a restart\n"
    "model,HR30,string16,,BH-200,,,ro,,\n"
    "status,HR40,uint16,,5,,,ro,,bits below\n"
    "running,HR40.0,bool,,,,,,,\n"
    "fault,HR40.2,bool,,,,,,,\n"
    "pump on,C0,bool,,true,,,rw,,\n"
    "door open,10006,bool,,false,,,ro,toggle(30s),discrete input 5\n";

static const char example_rows[] =
    "supply temperature,HR0,int16,ABCD,62.5,0.1,,,\xc2\xb0"
    "C,ro,"
    "\"sine(55..70, 120s)\",sensor T1\n"
    "return temperature,HR1,int16,ABCD,48,0.1,,,\xc2\xb0"
    "C,ro,"
    "\"walk(40..55, 0.3)\",sensor T2\n"
    "setpoint,HR10,int16,ABCD,65,0.1,,,\xc2\xb0"
    "C,rw,,register 10\n"
    "flow,HR20,float32,CDAB,12.75,,,,m\xc2\xb3/h,ro,random(12..13),\n"
    "energy,HR22,uint64,CDAB,123456789,,,,Wh,ro,count(3),"
    "goes on after a restart\n"
    "model,HR30,string16,ABCD,BH-200,,,,,ro,,\n"
    "status,HR40,uint16,ABCD,5,,,,,ro,,bits below\n"
    "running,HR40.0,bool,,,,,,,ro,,\n"
    "fault,HR40.2,bool,,,,,,,ro,,\n"
    "pump on,C0,bool,,true,,,,,rw,,\n"
    "door open,DI5,bool,,false,,,,,ro,toggle(30s),discrete input 5\n";

START_TEST(the_example_is_read)
{
	const struct point *p;

	read_well(example);
	assert_rows(example_rows);
	ck_assert_str_eq(warnings, "");
	ck_assert_uint_eq(points_simulated(points), 5);
	p = points_find(points, "flow", 4);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(p->line, 6);
	ck_assert_uint_eq(p->value[1], 0x414C);
	assert_prints_itself(DATATABLE_SEPARATE);
}
END_TEST

#define HEADER "name,address,type,order,value,scale,divisor,area,access\n"

/* Files, and the rows that they are. */
static const struct {
	const char *text;
	const char *rows;
} good[] = {
	/* Nothing but a header, however it ends. */
	{ "address", "" },
	{ "address\r\n", "" },
	{ "\xEF\xBB\xBF"
	  "address\n",
	    "" },
	{ "# first\n\n   # second\n \t\naddress\n", "" },
	/* Ends of lines, blanks, and cells that are not there. */
	{ "address,name\r\nHR1,a\r\nHR2,b\r\n",
	    "a,HR1,uint16,ABCD,,,,,,rw,,\nb,HR2,uint16,ABCD,,,,,,rw,,\n" },
	{ "name,address\n  a b ,\tHR1\t", "a b,HR1,uint16,ABCD,,,,,,rw,,\n" },
	{ "address,name\nHR1\nHR2,,,,\n,,,\n \n",
	    "HR1,HR1,uint16,ABCD,,,,,,rw,,\n"
	    "HR2,HR2,uint16,ABCD,,,,,,rw,,\n" },
	{ "address,name\n# HR1\n  #\nHR2,#\n",
	    "\"#\",HR2,uint16,ABCD,,,,,,rw,,\n" },
	/* What is between cells. */
	{ "address;name;value\nHR1;a,b;7\n",
	    "\"a,b\",HR1,uint16,ABCD,7,,,,,rw,,\n" },
	{ "address\tname\tvalue\nHR1\ta, b\t\n",
	    "\"a, b\",HR1,uint16,ABCD,,,,,,rw,,\n" },
	{ "\"a,b\";address;c\n;HR1\n", "HR1,HR1,uint16,ABCD,,,,,,rw,,\n" },
	/* Quotes. */
	{ "address,name\nHR1,\" a \"\nHR2,\"\"\"b\"\"\"\n\"HR3\",\"c\"\n",
	    "\" a \",HR1,uint16,ABCD,,,,,,rw,,\n"
	    "\"\"\"b\"\"\",HR2,uint16,ABCD,,,,,,rw,,\n"
	    "c,HR3,uint16,ABCD,,,,,,rw,,\n" },
	{ "address,description\r\nHR1,\"one\r\n# two\r\n\r\n\"\r\nHR2\r\n",
	    "HR1,HR1,uint16,ABCD,,,,,,rw,,\"one\n# two\n\n\"\n"
	    "HR2,HR2,uint16,ABCD,,,,,,rw,,\n" },
	/* Names of columns. */
	{ "Tag Name,ADDRESS,Data_Type,Client Access,Eng Units,Comment\n"
	  "a,40001,Word,R/W,V,x\n",
	    "a,HR0,uint16,ABCD,,,,,V,rw,,x\n" },
	{ "point name,Register Type,num_ber,byteorder,initial value,WRITABLE\n"
	  "a,holding,1,cdab,7,no\n",
	    "a,HR0,uint16,CDAB,7,,,,,ro,,\n" },
	{ "address,,\nHR1,x,y\n", "HR1,HR1,uint16,ABCD,,,,,,rw,,\n" },
	/* Factors. */
	{ "address,scale,offset,divisor,type,value\n"
	  "HR0,0.1,-40,,int16,2.5\nHR1,,,10,uint16,2.5\nHR2,1,0,,,7\n"
	  "HR4,1e-3,,,uint32,1.5\nHR6,-2,,,int16,10\nHR7,,,-10,int16,-1\n",
	    "HR0,HR0,int16,ABCD,2.5,0.1,-40,,,rw,,\n"
	    "HR1,HR1,uint16,ABCD,2.5,,,10,,rw,,\n"
	    "HR2,HR2,uint16,ABCD,7,,,,,rw,,\n"
	    "HR4,HR4,uint32,ABCD,1.5,0.001,,,,rw,,\n"
	    "HR6,HR6,int16,ABCD,10,-2,,,,rw,,\n"
	    "HR7,HR7,int16,ABCD,-1,,,-10,,rw,,\n" },
	/* Sharing, whole in whole. */
	{ HEADER "a,HR10,uint32,,0x00050006\nb,HR10,uint16,,5\n"
		 "c,HR11.1,,,1\nd,HR10,float32\ne,HR11.2,,,true\n"
		 "f,HR8,string8\n",
	    "a,HR10,uint32,ABCD,327686,,,,,rw,,\n"
	    "b,HR10,uint16,ABCD,5,,,,,rw,,\nc,HR11.1,bool,,true,,,,,rw,,\n"
	    "d,HR10,float32,ABCD,,,,,,rw,,\ne,HR11.2,bool,,true,,,,,rw,,\n"
	    "f,HR8,string8,ABCD,,,,,,rw,,\n" },
	{ HEADER "a,HR0,uint16,,1\nb,C0,bool,,0\nc,IR1\nd,DI1\n",
	    "a,HR0,uint16,ABCD,1,,,,,rw,,\nb,C0,bool,,false,,,,,rw,,\n"
	    "c,IR1,uint16,ABCD,,,,,,rw,,\nd,DI1,bool,,,,,,,rw,,\n" },
	/* The last addresses. */
	{ HEADER "a,HR65535\nb,HR65532,float64\nc,C65535\nd,465535\n",
	    "a,HR65535,uint16,ABCD,,,,,,rw,,\n"
	    "b,HR65532,float64,ABCD,,,,,,rw,,\n"
	    "c,C65535,bool,,,,,,,rw,,\nd,HR65534,uint16,ABCD,,,,,,rw,,\n" },
};

START_TEST(a_good_file_is_read)
{
	read_well(good[_i].text);
	assert_rows(good[_i].rows);
	assert_prints_itself(DATATABLE_SEPARATE);
}
END_TEST

/* --- what is wrong -------------------------------------------------------- */

/* Files, and what is told of them. */
static const struct bad {
	const char *text;
	const char *told;
} bad[] = {
	/* Cells. */
	{ HEADER "a,HR0\nb,HR1,flaot32\n",
	    "plant.csv:3: type: \"flaot32\": expected uint16, int16, uint32, "
	    "int32, float32, uint64, int64, float64, string10 or bool\n" },
	{ HEADER "a,10\n",
	    "plant.csv:2: address: \"10\": expected HR10, C10, 40011 or "
	    "400011, or an area beside it\n" },
	{ HEADER "a,0x0063\n",
	    "plant.csv:2: address: \"0x0063\": expected an area beside it, or "
	    "HR99\n" },
	{ HEADER "a,40000\n",
	    "plant.csv:2: address: \"40000\": expected a reference from 40001 "
	    "on: HR0 is 40001\n" },
	{ HEADER "a,HR0,int16,,\"21,5\",0.1\n",
	    "plant.csv:2: value: \"21,5\": expected a number with a decimal "
	    "point\n" },
	{ HEADER "a,HR0,,,70000\n",
	    "plant.csv:2: value: \"70000\": expected a number from 0 to 65535 "
	    "for uint16\n" },
	{ "number\n10\n",
	    "plant.csv:2: number: \"10\": expected an area beside it\n" },
	{ HEADER "a,HR5,,,,,,coil\n",
	    "plant.csv:2: address: \"HR5\": expected an address of area "
	    "\"coil\", as the row says\n" },
	{ HEADER "a,HR65535,float32\n",
	    "plant.csv:2: address: \"HR65535\": expected an address with room "
	    "for float32: 2 registers\n" },
	{ HEADER "a,HR1.16\n",
	    "plant.csv:2: address: \"HR1.16\": expected a bit from 0 to 15\n" },
	{ HEADER "a,HR0,bool\n",
	    "plant.csv:2: type: \"bool\": expected a type of registers, or a "
	    "bit in the address: HR0.0\n" },
	{ HEADER "a,C0,float32\n",
	    "plant.csv:2: type: \"float32\": expected bool for a coil\n" },
	{ HEADER "a,HR0.1,uint16\n",
	    "plant.csv:2: type: \"uint16\": expected bool for a bit\n" },
	{ HEADER "a,HR0,string4,,,0.1\n",
	    "plant.csv:2: scale: \"0.1\": expected nothing for string4\n" },
	{ HEADER "a,HR0,uint16,,,0.1,10\n",
	    "plant.csv:2: divisor: \"10\": expected nothing beside a "
	    "scale\n" },
	{ HEADER "a,HR0,uint16,,,0\n",
	    "plant.csv:2: scale: \"0\": expected a number other than 0\n" },
	{ HEADER "a,HR0,uint16,,,,1/10\n",
	    "plant.csv:2: divisor: \"1/10\": expected a number\n" },
	{ HEADER "a,HR0,uint16,,,,0\n",
	    "plant.csv:2: divisor: \"0\": expected a number other than 0\n" },
	{ HEADER "a,HR0,uint16,,,\"0,1\"\n",
	    "plant.csv:2: scale: \"0,1\": expected a number with a decimal "
	    "point\n" },
	{ HEADER "a,HR0,uint16,,,x\n",
	    "plant.csv:2: scale: \"x\": expected a number\n" },
	{ HEADER "a,HR0,uint16,little\n",
	    "plant.csv:2: order: \"little\": expected ABCD, CDAB, BADC or "
	    "DCBA\n" },
	{ HEADER "a,HR0,,,,,,3\n",
	    "plant.csv:2: area: \"3\": expected holding, input, coil or "
	    "discrete\n" },
	{ HEADER "a,HR0,,,,,,,x\n",
	    "plant.csv:2: access: \"x\": expected ro or rw\n" },
	{ HEADER "a\n",
	    "plant.csv:2: address: \"\": expected an address such as HR10, "
	    "IR10, C10, DI10 or 400011\n" },
	{ "number,area\n,coil\n",
	    "plant.csv:2: number: \"\": expected a number from 1 to 65536\n" },
	{ "address,number\nHR0,1\n",
	    "plant.csv:2: number: \"1\": expected nothing beside an "
	    "address\n" },
	{ HEADER "\"a\tb\",HR0\n",
	    "plant.csv:2: name: \"a\\tb\": expected at most 80 bytes of "
	    "printable UTF-8\n" },
	{ "name,Units,address\na,\xb0"
	  "C,HR0\n",
	    "plant.csv:2: Units: \"\\xb0C\": expected at most 80 bytes of "
	    "UTF-8\n" },
	{ "Tag,ADDR ESS\na,HR\n",
	    "plant.csv:2: ADDR ESS: \"HR\": expected an address such as HR10, "
	    "IR10, C10, DI10 or 400011\n" },
	{ "address,Simulate\nHR0,\"sine(1..2, 4s)\"\nHR1,sinus(1..2)\n",
	    "plant.csv:3: Simulate: \"sinus(1..2)\": expected "
	    "sine(A..B, PERIOD), ramp(A..B, PERIOD), random(A..B), "
	    "walk(A..B, STEP), count(STEP) or replay(FILE) for uint16\n" },
	{ "address,type,scale,simulate\nHR0,int16,0.1,random(0..4000)\n",
	    "plant.csv:2: simulate: \"random(0..4000)\": expected B to be a "
	    "number from -3276.8 to 3276.7 for int16 with this scaling\n" },
	{ "address,type,simulate\nHR0,string8,replay(\xff)\n",
	    "plant.csv:2: simulate: \"replay(\\xff)\": expected at most 250 "
	    "bytes of UTF-8\n" },
	{ HEADER "a,HR0,x,y,z,u,v,w,x\n",
	    "plant.csv:2: area: \"w\": expected holding, input, coil or "
	    "discrete\n" },
	/* Other rows. */
	{ HEADER "flow,HR10,float32\n\nx,HR11,uint32\n",
	    "plant.csv:4: address: \"HR11\": expected an address of its own: "
	    "register 11 is half of \"flow\", line 2\n" },
	{ HEADER "flow,HR10,float64\nx,HR12,float64\n",
	    "plant.csv:3: address: \"HR12\": expected an address of its own: "
	    "registers 12 to 13 are half of \"flow\", line 2\n" },
	{ HEADER "flow,HR10,string10\nx,HR9,float32\n",
	    "plant.csv:3: address: \"HR9\": expected an address of its own: "
	    "register 10 is part of \"flow\", line 2\n" },
	{ HEADER "flow,HR20\nx,IR20\n",
	    "plant.csv:3: address: \"IR20\": expected HR20: input and holding "
	    "registers are one table; \"flow\", line 2, has it\n" },
	{ HEADER "flow,IR21\nx,HR20,int32\n",
	    "plant.csv:3: address: \"HR20\": expected IR20: input and holding "
	    "registers are one table; \"flow\", line 2, has it\n" },
	{ HEADER "pump,C5\nx,DI5\n",
	    "plant.csv:3: address: \"DI5\": expected C5: coils and discrete "
	    "inputs are one table; \"pump\", line 2, has it\n" },
	{ HEADER "pump,C5\nx,00006\n",
	    "plant.csv:3: address: \"00006\": expected an address of its own: "
	    "\"pump\", line 2, has it\n" },
	{ HEADER "fault,HR1.15\nx,HR1.15\n",
	    "plant.csv:3: address: \"HR1.15\": expected an address of its "
	    "own: \"fault\", line 2, has it\n" },
	{ "number,area,name\n1,coil,a\n1,coil,b\n",
	    "plant.csv:3: number: \"1\": expected an address of its own: "
	    "\"a\", line 2, has it\n" },
	{ HEADER "status,HR40,uint16,,1\nx,HR40.0,bool,,0\n",
	    "plant.csv:3: value: \"0\": expected what \"status\", line 2, "
	    "says of this bit: 1\n" },
	{ HEADER "x,HR40.3,bool,,true\nstatus,HR39,uint32,,0x7\n",
	    "plant.csv:3: value: \"0x7\": expected what \"x\", line 2, says "
	    "of bit 3 of register 40: 1\n" },
	{ HEADER "x,HR41,uint16,,258\ny,HR40,uint32,,0x7\n",
	    "plant.csv:3: value: \"0x7\": expected what \"x\", line 2, says "
	    "of register 41: 0x0102\n" },
	{ HEADER "flow,HR0\nflow,HR1\n",
	    "plant.csv:3: name: \"flow\": expected a name of its own: line 2 "
	    "has it\n" },
	{ HEADER ",HR0\n,40001,int16\n",
	    "plant.csv:3: name: \"HR0\": expected a name of its own: line 2 "
	    "has it\n" },
	{ "address\nHR0\n40001\n",
	    "plant.csv:3: name: \"HR0\": expected a name of its own: line 2 "
	    "has it\n" },
	{ HEADER "flow,HR0\nflow,HR0,float32,,x,0\n",
	    "plant.csv:3: scale: \"0\": expected a number other than 0\n" },
	/* A row that is wrong has nothing that others share. */
	{ HEADER "a,HR0,bool\na,IR0,,,1\nb,IR0,,,1\n",
	    "plant.csv:2: type: \"bool\": expected a type of registers, or a "
	    "bit in the address: HR0.0\n" },
	/* Rows. */
	{ "address,name\nHR0,a,,3,,\n",
	    "plant.csv:2: 4 cells: expected at most 2\n" },
	{ "address,name\nHR0,a\n\"HR1,b\nHR2,c\n",
	    "plant.csv:3: quote: not closed\n" },
	{ "address,name\nHR,a\n\"HR1,b\nHR2,\"c\"\n",
	    "plant.csv:2: address: \"HR\": expected an address such as HR10, "
	    "IR10, C10, DI10 or 400011\nplant.csv:3: quote: not closed\n" },
	{ "address,name\nHR0,a\"b\nHR1,c\"\nHR,c\n",
	    "plant.csv:2: quote: expected around a whole cell, and doubled "
	    "within it\nplant.csv:3: quote: expected around a whole cell, and "
	    "doubled within it\nplant.csv:4: address: \"HR\": expected an "
	    "address such as HR10, IR10, C10, DI10 or 400011\n" },
	{ "address,description\nHR0,\"a\nb\"\nHR,\"a\nb\"\n",
	    "plant.csv:4: address: \"HR\": expected an address such as HR10, "
	    "IR10, C10, DI10 or 400011\n" },
	/* The header, alone. */
	{ "name,type\nHR0,x\n",
	    "plant.csv:1: address: no such column: expected address or "
	    "number\n" },
	{ "# x\nname,tag,address\nHR0,x\n",
	    "plant.csv:2: tag: expected one column of names: name is one\n" },
	{ "unit,address\nHR0,x\n",
	    "plant.csv:1: unit: expected units, if of measurement; unit "
	    "identifiers share one table and need no column\n" },
	{ "unit_id,address\nHR0,x\n",
	    "plant.csv:1: unit_id: expected no such column: all unit "
	    "identifiers share one table\n" },
	{ "Slave,Unit ID,Unit,type,Data Type\nHR0,x\n",
	    "plant.csv:1: Slave: expected no such column: all unit "
	    "identifiers share one table\n"
	    "plant.csv:1: Unit ID: expected no such column: all unit "
	    "identifiers share one table\n"
	    "plant.csv:1: Unit: expected units, if of measurement; unit "
	    "identifiers share one table and need no column\n"
	    "plant.csv:1: Data Type: expected one column of types: type is "
	    "one\n"
	    "plant.csv:1: address: no such column: expected address or "
	    "number\n" },
	{ "",
	    "plant.csv: no header: expected a line that names the "
	    "columns\n" },
	{ "\n# address\n",
	    "plant.csv: no header: expected a line that names "
	    "the columns\n" },
	{ "address,\"x", "plant.csv:1: quote: not closed\n" },
	{ "address,x\"\n",
	    "plant.csv:1: quote: expected around a whole cell, and doubled "
	    "within it\n" },
};

START_TEST(a_bad_file_is_refused)
{
	ck_assert_int_eq(
	    read_text(bad[_i].text, DATATABLE_SEPARATE), EX_CONFIG);
	ck_assert_str_eq(errors, bad[_i].told);
}
END_TEST

/* The same where coils are bits of registers. */
static const struct bad bad_overlaid[] = {
	{ HEADER "a,HR1.2\nb,C18\n",
	    "plant.csv:3: address: \"C18\": expected an address of its own: "
	    "\"a\", line 2, has it\n" },
	{ HEADER "a,C18,,,1\nb,HR0,uint32,,0\n",
	    "plant.csv:3: value: \"0\": expected what \"a\", line 2, says of "
	    "bit 2 of register 1: 1\n" },
	{ HEADER "a,HR0,uint32,,4\nb,DI18,,,false\n",
	    "plant.csv:3: value: \"false\": expected what \"a\", line 2, says "
	    "of this bit: 1\n" },
};

START_TEST(a_bad_overlaid_file_is_refused)
{
	ck_assert_int_eq(
	    read_text(bad_overlaid[_i].text, DATATABLE_OVERLAID), EX_CONFIG);
	ck_assert_str_eq(errors, bad_overlaid[_i].told);
	ck_assert_int_eq(
	    read_text(bad_overlaid[_i].text, DATATABLE_SEPARATE), EX_OK);
}
END_TEST

START_TEST(the_first_20_errors_are_told_and_the_rest_is_counted)
{
	char text[4096] = "address\n";
	const char *line = errors;

	for (int i = 0; i < 32; i++)
		sprintf(text + strlen(text), "X%d\n", i);
	ck_assert_int_eq(read_text(text, DATATABLE_SEPARATE), EX_CONFIG);
	for (int i = 0; i < 20; i++) {
		char begin[64];

		snprintf(begin, sizeof(begin),
		    "plant.csv:%d: address: \"X%d\": expected ", i + 2, i);
		ck_assert_int_eq(strncmp(line, begin, strlen(begin)), 0);
		line = strchr(line, '\n') + 1;
	}
	ck_assert_str_eq(line, "and 12 more\n");
}
END_TEST

START_TEST(what_is_not_printable_is_escaped_and_what_is_long_is_cut)
{
	static const char text[] = "address,name\nHR\0\x1b\xff,a\n";
	char name[200];

	read_bytes(text, sizeof(text) - 1, DATATABLE_SEPARATE);
	ck_assert_str_eq(errors,
	    "plant.csv:2: address: \"HR\\x00\\x1b\\xff\": expected a text "
	    "without NUL\n");
	memset(name, 'n', sizeof(name));
	memcpy(name, "name,address\n", 13);
	memcpy(name + 190, ",HR0\n", 6);
	ck_assert_int_eq(read_text(name, DATATABLE_SEPARATE), EX_CONFIG);
	ck_assert_str_eq(strstr(errors, "nn..."),
	    "nn...\": expected at most 80 bytes of printable UTF-8\n");
}
END_TEST

START_TEST(utf_16_is_told_from_a_wrong_header)
{
	static const char little[] = "\xFF\xFE"
				     "a\0d\0d\0r\0e\0s\0s\0\t\0n\0\n\0H\0";
	static const char big[] = "\xFE\xFF\0a\0d\0\n\0H";

	ck_assert_int_eq(
	    read_bytes(little, sizeof(little) - 1, DATATABLE_SEPARATE),
	    EX_CONFIG);
	ck_assert_str_eq(errors, "plant.csv: UTF-16: expected UTF-8\n");
	ck_assert_int_eq(
	    read_bytes(big, sizeof(big) - 1, DATATABLE_SEPARATE), EX_CONFIG);
	ck_assert_str_eq(errors, "plant.csv: UTF-16: expected UTF-8\n");
}
END_TEST

/* --- limits --------------------------------------------------------------- */

/* A file of one row, whose description is of so many bytes; to be freed. */
static char *
with_line_of(size_t length)
{
	static const char begin[] = "address,x\nHR0,";
	char *text = calloc(1, sizeof(begin) + length + 16);

	strcpy(text, begin);
	memset(text + sizeof(begin) - 1, 'x', length - 4);
	strcat(text, "\nHR1\n");
	return text;
}

START_TEST(a_line_has_at_most_4096_bytes)
{
	char *text = with_line_of(4096);

	read_well(text);
	free(text);
	text = with_line_of(4097);
	ck_assert_int_eq(read_text(text, DATATABLE_SEPARATE), EX_CONFIG);
	ck_assert_str_eq(
	    errors, "plant.csv:2: 4097 bytes: expected at most 4096\n");
	free(text);
}
END_TEST

START_TEST(a_first_line_of_4096_bytes_may_have_a_mark_and_a_return)
{
	static char text[5000] = "\xEF\xBB\xBF"
				 "address,";

	memset(text + 11, 'x', 4088);
	strcpy(text + 4099, "\r\nHR0");
	read_well(text);
	assert_rows("HR0,HR0,uint16,ABCD,,,,,,rw,,\n");
}
END_TEST

START_TEST(a_line_without_an_end_is_not_read_for_ever)
{
	FILE *f = fopen("/dev/zero", "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(
	    points_read_stream(f, "zero", DATATABLE_SEPARATE, &report, &points),
	    EX_CONFIG);
	fclose(f);
	ck_assert_str_eq(
	    errors, "zero:1: more than 1052672 bytes: expected at most 4096\n");
}
END_TEST

START_TEST(a_quote_that_is_not_closed_is_not_read_for_ever)
{
	char *text = calloc(1, 200000);

	strcpy(text, "address,x\nHR0,\"");
	for (int i = 0; i < 1000; i++)
		strcat(text,
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "\n");
	strcat(text, "\"\n");
	ck_assert_int_eq(read_text(text, DATATABLE_SEPARATE), EX_CONFIG);
	ck_assert_str_eq(errors, "plant.csv:2: quote: not closed\n");
	free(text);
}
END_TEST

/* As many nameless registers; to be freed. */
static char *
registers(unsigned count)
{
	char *text = malloc(16 + 10 * (size_t)count), *end;

	ck_assert_ptr_nonnull(text);
	end = text + sprintf(text, "address\n");
	for (unsigned i = 0; i < count; i++)
		end += sprintf(end, i < 65536 ? "HR%u\n" : "C%u\n", i % 65536);
	return text;
}

START_TEST(there_are_at_most_65536_points)
{
	char *text = registers(65536);

	read_well(text);
	ck_assert_uint_eq(points_count(points), 65536);
	ck_assert_str_eq(points_at(points, 65535)->name, "HR65535");
	free(text);
	text = registers(65537);
	ck_assert_int_eq(read_text(text, DATATABLE_SEPARATE), EX_CONFIG);
	ck_assert_str_eq(
	    errors, "plant.csv:65538: expected at most 65536 points\n");
	free(text);
}
END_TEST

/* --- warnings ------------------------------------------------------------- */

static const struct bad warned[] = {
	{ "address,Scan Rate,,\"Raw Low\"\nHR0\n",
	    "plant.csv:1: columns not used: \"Scan Rate\", \"Raw Low\"\n" },
	{ "name,address,area\n\na,40000,holding\nb,40030,HR\nc,40031,HR\n",
	    "plant.csv:4: address: \"40030\": with an area this is address "
	    "40030 on the wire; HR29 would be what some call 40030\n" },
	{ "Address,area\n10101,di\n",
	    "plant.csv:2: Address: \"10101\": with an area this is address "
	    "10101 on the wire; DI100 would be what some call 10101\n" },
	{ "address,simulate\nHR0\nHR1,count(1)\nHR2,count(1)\n", "" },
	{ "address,area\n400030,holding\nHR1,HR\n40031\n0x9,holding\n", "" },
};

START_TEST(what_is_doubtful_is_warned_of)
{
	read_well(warned[_i].text);
	ck_assert_str_eq(warnings, warned[_i].told);
}
END_TEST

START_TEST(columns_that_are_not_used_are_told_in_one_line)
{
	char text[4096] = "address";
	static const char end[] = "\"column 47\", ...\n";

	for (int i = 10; i < 100; i++)
		sprintf(text + strlen(text), ",column %d", i);
	read_well(text);
	ck_assert_uint_lt(strlen(warnings), 600);
	ck_assert_str_eq(warnings + strlen(warnings) - strlen(end), end);
}
END_TEST

/* --- files ---------------------------------------------------------------- */

static int
read_file(const char *name)
{
	forget();
	return points_read(name, DATATABLE_SEPARATE, &report, &points);
}

START_TEST(a_file_is_read)
{
	scratch_begin();
	scratch_write("plant.csv", example, sizeof(example) - 1);
	ck_assert_int_eq(read_file(scratch_path("plant.csv")), EX_OK);
	assert_rows(example_rows);
	ck_assert_str_eq(points_file(points), scratch_path("plant.csv"));
	scratch_end();
}
END_TEST

START_TEST(a_file_that_cannot_be_read_says_why)
{
	ck_assert_int_eq(read_file("none.csv"), EX_CONFIG);
	ck_assert_str_eq(errors, "none.csv: No such file or directory\n");
	ck_assert_int_eq(read_file("/"), EX_IOERR);
	ck_assert_str_eq(errors, "/: Is a directory\n");
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("points file");
	TCase *tc = tcase_create("points file");

	tcase_add_checked_fixture(tc, forget, forget);
	tcase_add_test(tc, the_example_is_read);
	tcase_add_loop_test(tc, a_good_file_is_read, 0, COUNT(good));
	tcase_add_loop_test(tc, a_bad_file_is_refused, 0, COUNT(bad));
	tcase_add_loop_test(
	    tc, a_bad_overlaid_file_is_refused, 0, COUNT(bad_overlaid));
	tcase_add_test(
	    tc, the_first_20_errors_are_told_and_the_rest_is_counted);
	tcase_add_test(
	    tc, what_is_not_printable_is_escaped_and_what_is_long_is_cut);
	tcase_add_test(tc, utf_16_is_told_from_a_wrong_header);
	tcase_add_test(tc, a_line_has_at_most_4096_bytes);
	tcase_add_test(
	    tc, a_first_line_of_4096_bytes_may_have_a_mark_and_a_return);
	tcase_add_test(tc, a_line_without_an_end_is_not_read_for_ever);
	tcase_add_test(tc, a_quote_that_is_not_closed_is_not_read_for_ever);
	tcase_add_test(tc, there_are_at_most_65536_points);
	tcase_add_loop_test(
	    tc, what_is_doubtful_is_warned_of, 0, COUNT(warned));
	tcase_add_test(tc, columns_that_are_not_used_are_told_in_one_line);
	tcase_add_test(tc, a_file_is_read);
	tcase_add_test(tc, a_file_that_cannot_be_read_says_why);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
