/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which tasks need no file made, or may not make it. */
#include "run/product/products.h"

#include "base/diag.h"
#include "base/mem.h"
#include "board/product.h"
#include "codec/output_json.h"
#include "run/session_private.h"
#include "task/replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many tasks are taken before the loop is served. */
enum { PRODUCTS_STEP = 4096 };

/* Checks that each task can have a file of its own. -1 with the error. */
static int check_names(const struct session *session, const struct template *template, struct error *error)
{
	const char *text = session->options->output.each;

	if (template->kinds & 1u << REPLACEMENT_SLOT)
		return error_set(error, "--each-out '%s': {%%} is the same for many tasks ({#} is a number for each)",
				 text);
	if (!template->kinds)
		return error_set(error,
				 "--each-out '%s': all tasks would have the same file; names differ by a replacement "
				 "string, such as {.} or {#}%s",
				 text, session->options->input.to_stdin ? " (with --stdin, {#} alone)" : "");
	if (template->options.is_grouped && template->kinds & 1u << REPLACEMENT_VALUE)
		return error_set(error,
				 "--each-out '%s': with --max-args a task has several records; {1}, {1.} ... is the "
				 "first, and {#} the task's number",
				 text);
	return 0;
}

/* Opens the folder that tasks run in. */
static void find_folder(struct products *products, const char *directory)
{
	char *here = getcwd(NULL, 0);

	/* Without it no task runs, which its worker reports. */
	products->folder = directory ? open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC) : AT_FDCWD;
	products->base = directory && directory[0] == '/'
				 ? mem_string(directory)
				 : mem_format("%s/%s", here ? here : "", directory ? directory : "");
	free(here);
}

int products_open(struct products *products, const struct session *session, struct error *error)
{
	const struct output_options *output = &session->options->output;
	struct template_options options;

	if (!session->briefing.product)
		return 0;
	products->is_on = true;
	products->folder = -1;
	products->skips = output->newer;
	options = product_template(&session->briefing);
	if (template_compile(&products->template, &options, error) < 0) {
		error->is_usage = true;
		return error_wrap(error, "--each-out");
	}
	if (check_names(session, &products->template, error) < 0) {
		error->is_usage = true;
		return -1;
	}
	find_folder(products, session->options->command.directory);
	products_go_on(products);
	return 0;
}

/* Appends a path from the root on, without what does not change it: empty parts, dots, and names before "..". */
static void append_resolved(struct bytes *out, const char *path)
{
	while (*path) {
		size_t size = strcspn(path, "/");
		bool is_up = size == 2 && memcmp(path, "..", 2) == 0;

		while (is_up && out->size && out->data[--out->size] != '/')
			;
		if (!is_up && size && !(size == 1 && *path == '.')) {
			bytes_append_text(out, "/");
			bytes_append(out, path, size);
		}
		path += size + (path[size] == '/');
	}
}

/* Returns the first task that has this file. */
static uint64_t first_with(struct products *products, const char *name, uint64_t index)
{
	struct bytes path = {.data = NULL};
	uint64_t first;

	if (name[0] != '/')
		append_resolved(&path, products->base);
	append_resolved(&path, name);
	first = makers_add(&products->makers, bytes_slice(&path), index);
	bytes_release(&path);
	return first;
}

/* True if a file is older than the product. One that does not exist is not, so that its task fails by it. */
static bool is_older(const struct products *products, struct slice file, const struct stat *product)
{
	char *name = mem_format("%.*s", (int)file.size, file.data);
	struct stat status;
	bool older = fstatat(products->folder, name, &status, 0) == 0 &&
		     (status.st_mtim.tv_sec < product->st_mtim.tv_sec ||
		      (status.st_mtim.tv_sec == product->st_mtim.tv_sec &&
		       status.st_mtim.tv_nsec < product->st_mtim.tv_nsec));

	free(name);
	return older;
}

/* True if the product is newer than the file that the record names; of a group, than all of them. */
static bool is_newer(const struct products *products, const char *name)
{
	const struct values *values = &products->template.values;
	size_t count = products->template.options.is_grouped ? values->count : values->count > 0, i;
	struct stat status;

	if (!products->skips || !count || values->kind != VALUES_PLAIN ||
	    fstatat(products->folder, name, &status, 0) < 0 || !S_ISREG(status.st_mode))
		return false;
	for (i = 0; i < count; i++) {
		if (!values->list[i].data || !is_older(products, values->list[i], &status))
			return false;
	}
	return true;
}

/* Notes why a task is refused. Takes over the reason. */
static void refuse_product(struct products *products, char *reason)
{
	products->fate = PRODUCTS_REFUSED;
	products->reason = reason;
}

bool products_find(struct session *session, const struct task *task)
{
	struct products *products = &session->products;
	const char *name;
	uint64_t first;
	size_t size;

	products->fate = PRODUCTS_RUN;
	if (!products->is_on)
		return false;
	name = product_name(&products->template, task);
	size = name ? strlen(name) : 0;
	if (!name)
		refuse_product(products, mem_format("--each-out: %s", error_text(&products->template.problem)));
	else if (!size || name[size - 1] == '/')
		refuse_product(products, mem_format("--each-out: '%s' is not the name of a file", name));
	else if ((first = first_with(products, name, task->index)) != task->index)
		refuse_product(products, mem_format("'%s' is the file of task #%" PRIu64 " already", name, first + 1));
	else if (is_newer(products, name))
		products->fate = PRODUCTS_NEWER;
	return products_has_found(products);
}

void products_go_on(struct products *products)
{
	products->pause = products->taken + PRODUCTS_STEP;
}

/* Returns the name of a task's file, NULL if it has none. */
static const char *name_of(struct session *session, const struct task *task)
{
	return session->products.is_on && task ? product_name(&session->products.template, task) : NULL;
}

void products_note(struct session *session, const struct result *result, const struct task *task)
{
	const char *name = result->outcome == OUTCOME_LOST ? name_of(session, task) : NULL;
	char *draft = name ? product_draft(name, &session->briefing, task) : NULL;

	/* It is not there if the worker died before or after. */
	if (draft)
		unlinkat(session->products.folder, draft, 0);
	free(draft);
}

char *products_problem(struct session *session, const struct result *result, const struct task *task)
{
	const char *name = result->misfiled ? name_of(session, task) : NULL;

	return name ? mem_format("'%s' cannot be written: %s", name, strerror(result->number)) : NULL;
}

void products_append(struct session *session, const struct task *task, struct bytes *label)
{
	const char *name = name_of(session, task);

	if (name)
		output_json_file(label, name);
}

void products_report(const struct products *products)
{
	if (products->newer)
		diag_note("%" PRIu64 " task%s skipped: %s newer than %s", products->newer,
			  products->newer == 1 ? "" : "s", products->newer == 1 ? "its file is" : "their files are",
			  products->newer == 1 ? "its record's" : "their records'");
}

void products_close(struct products *products)
{
	if (!products->is_on)
		return;
	if (products->folder >= 0)
		close(products->folder);
	template_release(&products->template);
	makers_release(&products->makers);
	free(products->base);
	free(products->reason);
	*products = (struct products){.is_on = false};
}
