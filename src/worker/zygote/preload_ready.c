/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loading locales and binding functions before tasks are forked.
 *
 * Where a program calls a function of a library it jumps to the address in a slot. The dynamic linker stores that
 * address at the first call, if the object is not bound at its start (-z now): a lookup by name in each task for each
 * function. Here the lookup is made once, by dlsym(3). LD_BIND_NOW would have the linker do it, but a program with a
 * function that does not exist would not start, and plugins that it loads later would be bound at once, too.
 *
 * The linker's lookup takes the first object that has the function in the wanted version or, as objects that are
 * preloaded have it, in none. dlvsym passes over the latter, dlsym over old versions: where both find the same, the
 * linker finds that too. All else is left to the linker.
 */
#include "worker/zygote/preload_ready.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <locale.h>

void ready_locale(void)
{
	static const int categories[] = {
		LC_CTYPE_MASK,    LC_NUMERIC_MASK,   LC_TIME_MASK,        LC_COLLATE_MASK,
		LC_MONETARY_MASK, LC_MESSAGES_MASK,  LC_PAPER_MASK,       LC_NAME_MASK,
		LC_ADDRESS_MASK,  LC_TELEPHONE_MASK, LC_MEASUREMENT_MASK, LC_IDENTIFICATION_MASK,
	};
	/* Never freed: libc keeps the files as long as one locale uses them. */
	locale_t loaded = newlocale(LC_ALL_MASK, "", NULL);
	size_t i;

	for (i = 0; !loaded && i < countof(categories); i++)
		newlocale(categories[i], "", NULL);
}

/* The relocation type of a slot for a function, 0 where it is not known. */
#if defined __x86_64__
enum { SLOT = R_X86_64_JUMP_SLOT };
#elif defined __i386__
enum { SLOT = R_386_JMP_SLOT };
#elif defined __aarch64__
enum { SLOT = R_AARCH64_JUMP_SLOT };
#elif defined __arm__
enum { SLOT = R_ARM_JUMP_SLOT };
#elif defined __riscv
enum { SLOT = R_RISCV_JUMP_SLOT };
#else
enum { SLOT = 0 };
#endif

#if __ELF_NATIVE_CLASS == 64
#define SLOT_TYPE(info) ELF64_R_TYPE(info)
#define SLOT_SYMBOL(info) ELF64_R_SYM(info)
#else
#define SLOT_TYPE(info) ELF32_R_TYPE(info)
#define SLOT_SYMBOL(info) ELF32_R_SYM(info)
#endif

/* The parts of an object that say which functions it calls. */
struct calls {
	uintptr_t base;
	const char *slots;
	size_t slots_size;
	/* The size of a slot's entry: with an addend or without. */
	size_t entry_size;
	const ElfW(Sym) * symbols;
	const char *strings;
	/* The version of each symbol, and the versions it wants of others; NULL without versions. */
	const ElfW(Half) * versions;
	const char *wanted;
	/* True if the linker has bound everything at the start. */
	bool is_bound;
};

/* Returns the address that an entry means: the linker has relocated most, not those of the vDSO and some systems. */
static const void *calls_address(const struct calls *calls, const ElfW(Dyn) * entry)
{
	uintptr_t address = entry->d_un.d_ptr;

	return (const void *)(address < calls->base ? address + calls->base : address);
}

static void calls_take(struct calls *calls, const ElfW(Dyn) * entry)
{
	switch (entry->d_tag) {
	case DT_JMPREL:
		calls->slots = calls_address(calls, entry);
		break;
	case DT_PLTRELSZ:
		calls->slots_size = entry->d_un.d_val;
		break;
	case DT_PLTREL:
		calls->entry_size = entry->d_un.d_val == DT_RELA ? sizeof(ElfW(Rela)) : sizeof(ElfW(Rel));
		break;
	case DT_SYMTAB:
		calls->symbols = calls_address(calls, entry);
		break;
	case DT_STRTAB:
		calls->strings = calls_address(calls, entry);
		break;
	case DT_VERSYM:
		calls->versions = calls_address(calls, entry);
		break;
	case DT_VERNEED:
		calls->wanted = calls_address(calls, entry);
		break;
	case DT_FLAGS:
		calls->is_bound |= (entry->d_un.d_val & DF_BIND_NOW) != 0;
		break;
	case DT_FLAGS_1:
		calls->is_bound |= (entry->d_un.d_val & DF_1_NOW) != 0;
		break;
	case DT_BIND_NOW:
		calls->is_bound = true;
		break;
	default:
		break;
	}
}

/* Returns the name of the version that a symbol is wanted in, NULL if none. */
static const char *calls_version(const struct calls *calls, size_t symbol)
{
	const char *place = calls->wanted;
	unsigned number = calls->versions ? calls->versions[symbol] & 0x7fffu : 0;

	while (place && number > 1) {
		const ElfW(Verneed) *need = (const void *)place;
		const char *its = place + need->vn_aux;
		unsigned i;

		for (i = 0; i < need->vn_cnt; i++) {
			const ElfW(Vernaux) *version = (const void *)its;

			if (version->vna_other == number)
				return calls->strings + version->vna_name;
			its += version->vna_next;
		}
		if (!need->vn_next)
			break;
		place += need->vn_next;
	}
	return NULL;
}

/* Binds a function that is another object's. */
static void calls_bind(const struct calls *calls, const ElfW(Rel) * entry)
{
	size_t number = SLOT_SYMBOL(entry->r_info);
	const ElfW(Sym) *symbol = &calls->symbols[number];
	const char *name = calls->strings + symbol->st_name, *version = calls_version(calls, number);
	void *function;

	/* With a value the address of the function is that of the program's jump to the slot: not PIE. */
	if (!version || SLOT_TYPE(entry->r_info) != SLOT || symbol->st_shndx != SHN_UNDEF || symbol->st_value)
		return;
	function = dlvsym(RTLD_DEFAULT, name, version);
	if (function && function == dlsym(RTLD_DEFAULT, name))
		*(void **)(calls->base + entry->r_offset) = function;
}

/* Binds the functions of the first object, which is the program. */
static int calls_bind_program(struct dl_phdr_info *info, size_t size UNUSED, void *context UNUSED)
{
	struct calls calls = {.base = info->dlpi_addr};
	size_t i;

	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Dyn) *entry = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);

		if (info->dlpi_phdr[i].p_type != PT_DYNAMIC)
			continue;
		for (; entry->d_tag != DT_NULL; entry++)
			calls_take(&calls, entry);
	}
	if (calls.is_bound || !calls.entry_size || !calls.slots || !calls.symbols || !calls.strings)
		return 1;
	for (i = 0; i + calls.entry_size <= calls.slots_size; i += calls.entry_size)
		calls_bind(&calls, (const void *)(calls.slots + i));
	return 1;
}

void ready_functions(void)
{
	if (SLOT)
		dl_iterate_phdr(calls_bind_program, NULL);
}
