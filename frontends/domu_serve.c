/* SPDX-License-Identifier: MIT */
/* A tiny domU's side of the mailbox: it calls what dom0 asks for. */
#include "mailbox.h"

/* By its address in the window; the builder has put it behind start_info. */
static struct mailbox *box(void)
{
    return (struct mailbox *)((uint64_t)start_info + PAGE_SIZE);
}

/* What does not fit is lost: dom0 reads at each answer. */
void domu_console_write(const char *s, size_t n)
{
    struct mailbox *m = box();

    for (size_t i = 0; i < n && m->text_len < sizeof(m->text); i++)
        m->text[m->text_len++] = s[i];
}

volatile uint64_t *domu_words(struct domu *u)
{
    return u ? u->mailbox->words : box()->words;
}

void domu_serve(void)
{
    struct mailbox *m = box();

    for (;;) {
        while (__atomic_load_n(&m->asked, __ATOMIC_ACQUIRE) == m->answered)
            mailbox_wait();
        m->result = m->fn(m->a, m->b);
        __atomic_store_n(&m->answered, m->asked, __ATOMIC_RELEASE);
    }
}
