dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl Flags that are used only when the tools understand them.

# MPMAP_COMPILES_WITH(COMPILER-FLAG, VARIABLE, [LINKER-FLAG])
# -----------------------------------------------------------
# Append the flag to VARIABLE when a program can be compiled and linked with it, and without a warning.
AC_DEFUN([MPMAP_COMPILES_WITH], [
  AS_VAR_PUSHDEF([mpmap_cache], [mpmap_cv_flag_$1_$3])
  AC_CACHE_CHECK([whether $CC takes m4_normalize([$1 $3])], [mpmap_cache], [
    mpmap_saved_CFLAGS=$CFLAGS
    mpmap_saved_LDFLAGS=$LDFLAGS
    CFLAGS="$CFLAGS -Werror $1"
    LDFLAGS="$LDFLAGS $3"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AS_VAR_SET([mpmap_cache], [yes])], [AS_VAR_SET([mpmap_cache], [no])])
    CFLAGS=$mpmap_saved_CFLAGS
    LDFLAGS=$mpmap_saved_LDFLAGS])
  AS_VAR_IF([mpmap_cache], [yes], [AS_VAR_APPEND([$2], [" m4_default([$1], [$3])"])])
  AS_VAR_POPDEF([mpmap_cache])
])

# MPMAP_COMPILER_FLAGS(FLAG...)
# -----------------------------
# Those of the blank-separated flags that the compiler takes are appended to MPMAP_CFLAGS.
AC_DEFUN([MPMAP_COMPILER_FLAGS], [m4_foreach_w([mpmap_flag], [$1], [MPMAP_COMPILES_WITH(m4_defn([mpmap_flag]), [MPMAP_CFLAGS])])])

# MPMAP_LINKER_FLAGS(FLAG...)
# ---------------------------
# Those of the blank-separated flags that the linker takes are appended to MPMAP_LDFLAGS.
AC_DEFUN([MPMAP_LINKER_FLAGS], [m4_foreach_w([mpmap_flag], [$1], [MPMAP_COMPILES_WITH([], [MPMAP_LDFLAGS], m4_defn([mpmap_flag]))])])

# MPMAP_LIBRARY(NAME, MODULE, HEADER, FUNCTION, ADVICE)
# -----------------------------------------------------
# Set NAME_CFLAGS and NAME_LIBS from pkg-config, or else from a plain search; stop with ADVICE when there is no such library.
AC_DEFUN([MPMAP_LIBRARY], [
  PKG_CHECK_MODULES([$1], [$2], [], [
    AC_CHECK_HEADER([$3], [
      AC_CHECK_LIB([$2], [$4], [$1_LIBS=-l$2], [AC_MSG_ERROR([$5])])
    ], [AC_MSG_ERROR([$5])], [#include <stdio.h>])])
])

# MPMAP_ARCHIVE(VARIABLE, LIBRARIES, FUNCTION)
# --------------------------------------------
# Set VARIABLE to LIBRARIES, which name archives, if a program that calls FUNCTION can be linked with them as this one is.
AC_DEFUN([MPMAP_ARCHIVE], [
  AC_MSG_CHECKING([whether $2 can be linked])
  mpmap_libs=$LIBS mpmap_cflags=$CFLAGS mpmap_ldflags=$LDFLAGS
  LIBS="$2 $LIBS" CFLAGS="$CFLAGS $MPMAP_CFLAGS" LDFLAGS="$LDFLAGS $MPMAP_LDFLAGS"
  AC_LINK_IFELSE([AC_LANG_SOURCE([[void $3(void); int main(void) { $3(); return 0; }]])],
    [AC_MSG_RESULT([yes]); $1="$2"], [AC_MSG_RESULT([no])])
  LIBS=$mpmap_libs CFLAGS=$mpmap_cflags LDFLAGS=$mpmap_ldflags
])
