/*
 * main.c - the qgrid program.
 */
#include "dispatch.h"

int main(int argc, char **argv)
{
    return qg_main(argc, argv);
}
