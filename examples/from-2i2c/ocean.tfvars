# Invented, in the format of 2i2c's files: the settings of Terraform.
prefix     = "ocean"
project_id = "example-ocean"
zone       = "europe-west1-b"
region     = "europe-west1"

user_buckets = {
  "scratch" : {
    "delete_after" : 30
  },
  "persistent" : {
    "delete_after" : null
  }
}

hub_cloud_permissions = {
  "prod" : {
    bucket_admin_access : ["scratch", "persistent"],
    hub_namespace : "prod"
  }
}
