! SPDX-License-Identifier: GPL-3.0-or-later
! A plugin in Fortran: the mean of each record's numbers. A record that is none fails.
!
!	gfortran -O2 -shared -fPIC -o mean.so plugin_mean.f90
!	printf '1 2 3\n10\n' | mpmap --plugin ./mean.so:mean

module mpmap_plugin
  use, intrinsic :: iso_c_binding
  implicit none

  ! What mpmap-plugin.h has, as far as it is used here: structs may be longer than their beginnings.
  integer(c_int), bind(c, name='mpmap_plugin_abi') :: abi = 1

  type, bind(c) :: record
    integer(c_size_t) :: struct_size
    integer(c_int64_t) :: seq
    integer(c_int32_t) :: attempt, slot
    type(c_ptr) :: data
    integer(c_size_t) :: size
  end type

  type, bind(c) :: writer
    integer(c_size_t) :: struct_size
    type(c_funptr) :: write
  end type

  abstract interface
    integer(c_int) function write_function(to, stream, text, size) bind(c)
      import
      type(writer) :: to
      integer(c_int), value :: stream
      character(kind=c_char), intent(in) :: text(*)
      integer(c_size_t), value :: size
    end function
  end interface

contains

  integer(c_int) function mean(of, to) bind(c, name='mean')
    type(record), intent(in) :: of
    type(writer), intent(inout) :: to
    procedure(write_function), pointer :: write
    character(kind=c_char), pointer :: bytes(:)
    character(len=:), allocatable :: text
    character(len=32) :: answer
    real(c_double), allocatable :: numbers(:)
    integer :: i, words, problem

    mean = 1
    call c_f_pointer(of%data, bytes, [of%size])
    allocate (character(len=of%size) :: text)
    words = 0
    do i = 1, int(of%size)
      text(i:i) = bytes(i)
      if (bytes(i) == ' ') cycle
      if (i == 1) then
        words = 1
      else if (bytes(i - 1) == ' ') then
        words = words + 1
      end if
    end do
    if (words == 0) return
    allocate (numbers(words))
    read (text, *, iostat=problem) numbers
    if (problem /= 0) return
    write (answer, '(f0.6)') sum(numbers) / words
    answer = trim(answer)//new_line('a')
    call c_f_procpointer(to%write, write)
    mean = write(to, 1_c_int, answer, len_trim(answer, kind=c_size_t))
  end function
end module
