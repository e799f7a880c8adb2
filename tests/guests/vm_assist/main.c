/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_vm_assist: what Linux switches on, and what is not there. */
#include <pv/pv.h>

int main(void)
{
    is(HC2(vm_assist, VMASST_CMD_enable, VMASST_TYPE_4gb_segments), 0,
       "the assist 4gb_segments can be chosen");
    is(HC2(vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0,
       "the assist writable_pagetables can be chosen");
    is(HC2(vm_assist, VMASST_CMD_enable, VMASST_TYPE_pae_extended_cr3), 0,
       "the assist pae_extended_cr3 can be chosen");
    is(HC2(vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0,
       "the assist runstate_update_flag can be chosen");
    is(HC2(vm_assist, VMASST_CMD_disable, VMASST_TYPE_runstate_update_flag), 0,
       "an assist can be given up");
    is(HC2(vm_assist, VMASST_CMD_enable, 40), -EINVAL,
       "an unknown assist is -EINVAL");
    is(HC2(vm_assist, 7, VMASST_TYPE_4gb_segments), -ENOSYS,
       "an unknown command of vm_assist is -ENOSYS");
    return 0;
}
