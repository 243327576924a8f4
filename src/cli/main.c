/*
 * main.c - the qgrid program.
 */
int main(void)
{
    return 0;
}
