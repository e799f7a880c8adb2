/* SPDX-License-Identifier: MIT */
/*
 * xl list and vm-list. Lines and columns are parsed by cluster managers.
 */
#include <yajl/yajl_gen.h>

#include "xl.h"
#include "commands.h"

/*
 * The yajl header includes the version only if HAVE_YAJL_YAJL_VERSION_H is set.
 */
#define HAVE_YAJL_YAJL_VERSION_H 1
#include <libxl_json.h>

/* --- list -l: the configurations as JSON --- */

static yajl_gen_status print_config(yajl_gen hand, uint32_t domid)
{
    libxl_domain_config config;
    yajl_gen_status s = yajl_gen_status_ok;
    static const char domid_key[] = "domid", config_key[] = "config";

    libxl_domain_config_init(&config);
    /* A domain without saved configuration is left out. */
    if (!libxl_retrieve_domain_configuration(ctx, domid, &config, NULL)) {
        s = yajl_gen_map_open(hand);
        s = s ?: yajl_gen_string(hand, (const unsigned char *)domid_key, 5);
        s = s ?: yajl_gen_integer(hand, domid);
        s = s ?: yajl_gen_string(hand, (const unsigned char *)config_key, 6);
        s = s ?: libxl_domain_config_gen_json(hand, &config);
        s = s ?: yajl_gen_map_close(hand);
    }
    libxl_domain_config_dispose(&config);
    return s;
}

static int list_long(const libxl_dominfo *list, int n)
{
    yajl_gen hand = libxl_yajl_gen_alloc(NULL);
    yajl_gen_status s =
        hand ? yajl_gen_array_open(hand) : yajl_gen_in_error_state;
    const unsigned char *text;
    size_t len;

    for (int i = 0; i < n && s == yajl_gen_status_ok; i++)
        s = print_config(hand, list[i].domid);
    s = s ?: yajl_gen_array_close(hand);
    s = s ?: yajl_gen_get_buf(hand, &text, &len);
    if (s == yajl_gen_status_ok)
        printf("%s\n", text);
    else
        fprintf(stderr, "cannot print as JSON (yajl status %d)\n", s);
    if (hand)
        yajl_gen_free(hand);
    return s == yajl_gen_status_ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void list_short(const libxl_dominfo *list, int n, bool verbose)
{
    print_list_heading(stdout, verbose);
    for (int i = 0; i < n; i++) {
        char *name = domain_name(list[i].domid);

        print_list_line(stdout, &list[i], name, verbose);
        free(name);
    }
}

int main_list(int argc, char **argv)
{
    static const struct option longopts[] = {
        {"long", 0, 0, 'l'}, {"verbose", 0, 0, 'v'}, {0}};
    bool details = false, verbose = false;
    int opt, n, status = EXIT_SUCCESS;
    libxl_dominfo *list, one;

    while ((opt = next_option(argc, argv, "lv", longopts, 0)) != -1) {
        details |= opt == 'l';
        verbose |= opt == 'v';
    }
    if (optind < argc) {
        uint32_t domid = find_domain(argv[optind]);

        libxl_dominfo_init(&one);
        if (libxl_domain_info(ctx, &one, domid)) {
            fprintf(stderr, "xl list: there is no domain '%s'\n", argv[optind]);
            return EXIT_FAILURE;
        }
        list = &one;
        n = 1;
    } else {
        list = libxl_list_domain(ctx, &n);
        if (!list)
            return EXIT_FAILURE;
    }
    if (details)
        status = list_long(list, n);
    else
        list_short(list, n, verbose);
    if (list == &one)
        libxl_dominfo_dispose(&one);
    else
        libxl_dominfo_list_free(list, n);
    return status;
}

int main_vm_list(int argc, char **argv)
{
    libxl_vminfo *list;
    int n;

    no_options(argc, argv, 0);
    list = libxl_list_vm(ctx, &n);
    if (!list)
        return EXIT_FAILURE;
    printf("UUID                                  ID    name\n");
    for (int i = 0; i < n; i++) {
        char *name = domain_name(list[i].domid);

        printf(LIBXL_UUID_FMT "  %d    %-30s\n", LIBXL_UUID_BYTES(list[i].uuid),
               list[i].domid, name);
        free(name);
    }
    libxl_vminfo_list_free(list, n);
    return EXIT_SUCCESS;
}
